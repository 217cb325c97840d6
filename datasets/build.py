"""Build a dataset: check, write, verify, and only then take the final name.

A dataset is one folder `<root>/<name>` with a split file each and manifest.json. It is written
as `<name>.partial` and renamed once every byte was read back, so a killed build leaves nothing
that could be taken for a finished one. The same command goes on from the last finished class.
"""

import errno
import functools
import math
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .downloads.fetch import fetch, recorded_check
from .files import replace_folder
from .info import DataError, DatasetInfo, Listing, Request
from .store.journal import Journal, plan_of
from .store.manifest import read_manifest, write_manifest
from .store.writer import write_split

_BYTES_PER_NAME, _BYTES_OF_HEADERS = (
    100,
    100_000,
)  # generous, for the check of free space
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Build:
    """A finished build: where it is, its manifest, and whether it was there before."""

    folder: Path
    manifest: dict[str, Any]
    already_built: bool


def build(
    info: DatasetInfo,
    root: Path,
    request: Request | None = None,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> Build:
    """Build every split of a dataset below `root`, or find it built.

    request: where its files are; without a source they are downloaded
    progress: called with (what is under way, done, total): bytes of a download, then images
    Raises DataError when the source is missing or wrong, or the disk is full or read-only.
    """
    folder, request = root / info.name, request or Request()
    if not rebuild and (manifest := _built(info, folder, request)):
        return Build(folder, manifest, already_built=True)
    with _writing_to(root), _exclusive(root, info):
        if not rebuild and (manifest := _built(info, folder, request)):
            return Build(folder, manifest, already_built=True)
        downloaded = request.source is None and not info.embedded
        if downloaded:
            request = replace(request, source=_download(info, root, request, progress))
        listing = _listed(info, replace(request, scratch=request.scratch or root))
        if downloaded and request.source is not None:
            checks = [
                recorded_check(request.source / one.filename, one)
                for one in info.sources
            ]
            listing = replace(listing, checks=(*checks, *listing.checks))
        journal = Journal.resume(root / f"{info.name}.partial", plan_of(info, listing))
        try:
            _check_space(info, listing, journal)
            manifest = _write(info, listing, journal, progress)
        except BaseException as error:
            _leave(info, journal, error)
            raise
        replace_folder(journal.folder, folder)
        # Not before: whoever is killed in between finds all that was done.
        Journal.close(folder)
        return Build(folder, manifest, already_built=False)


def _built(info: DatasetInfo, folder: Path, request: Request) -> dict[str, Any] | None:
    """The manifest of a build that answers the request."""
    manifest = read_manifest(folder)
    if manifest and manifest["partial"] and not request.allow_missing:
        raise DataError(
            f"{folder}: holds a partial build of {info.name}, made with --allow-missing. To "
            f"replace it by the whole dataset: {_command(info, request)} --rebuild"
        )
    return manifest


def _command(info: DatasetInfo, request: Request) -> str:
    source = f" --source {shlex.quote(str(request.source))}" if request.source else ""
    return f"fewbench data build {info.name}{source}"


def _listed(info: DatasetInfo, request: Request) -> Listing:
    """What the source holds; partial when the request allows it and something is missing."""
    listing = info.list_classes(request)
    missing = [
        fault for split in info.splits if (fault := _miscount(info, listing, split))
    ]
    if not missing:
        return listing
    if not request.allow_missing or not listing.classes:
        raise DataError(
            f"{info.name}, {missing[0]}. The source is incomplete or another dataset. See what "
            f"it is: fewbench data identify PATH; or build what is there, marked as partial: "
            f"{_command(info, request)} --allow-missing"
        )
    words = tuple(f"PARTIAL: {fault}" for fault in missing)
    return replace(listing, partial=True, checks=(*listing.checks, *words))


def _miscount(info: DatasetInfo, listing: Listing, split: str) -> str | None:
    expected, found = info.splits[split], listing.of(split)
    n_images = sum(len(one.image_names) for one in found)
    if (len(found), n_images) == (expected.n_classes, expected.n_images):
        return None
    return (
        f"{split}: expected {expected.n_classes} classes and {expected.n_images} images, "
        f"found {len(found)} and {n_images}"
    )


def _leave(info: DatasetInfo, journal: Journal, error: BaseException) -> None:
    """Remove what an interrupted build left, unless another run can go on from it."""
    if not journal.finished:
        shutil.rmtree(journal.folder, ignore_errors=True)
        return
    error.add_note(
        f"{len(journal.finished)} finished classes are kept in {journal.folder}: the same command "
        f"goes on from there. Delete that folder to start {info.name} anew."
    )


def _download(
    info: DatasetInfo, root: Path, request: Request, progress: Progress | None
) -> Path:
    folder = root / "downloads" / info.name.partition("-")[0]
    folder.mkdir(parents=True, exist_ok=True)
    for one in info.sources:
        report = (
            functools.partial(progress, f"download {one.filename}")
            if progress
            else None
        )
        command = f"fewbench data build {info.name} --source {shlex.quote(str(folder))}"
        fetch(one, folder, offline=request.offline, progress=report, command=command)
    return folder


def _check_space(info: DatasetInfo, listing: Listing, journal: Journal) -> None:
    """Take the space that the build needs and give it back; raises OSError when there is less.

    HDF5 itself does not survive a full disk: it crashes when it closes the file.
    """
    to_do = [
        one for one in listing.classes if (one.split, one.name) not in journal.finished
    ]
    n_images = sum(len(one.image_names) for one in to_do)
    needed = (
        n_images * (math.prod(info.image_shape) + _BYTES_PER_NAME) + _BYTES_OF_HEADERS
    )
    if not hasattr(os, "posix_fallocate"):  # macOS, Windows
        if shutil.disk_usage(journal.folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return
    with tempfile.TemporaryFile(dir=journal.folder) as file:
        os.posix_fallocate(file.fileno(), 0, needed)


def _write(
    info: DatasetInfo, listing: Listing, journal: Journal, progress: Progress | None
) -> dict[str, Any]:
    total = sum(len(one.image_names) for one in listing.classes)
    done = 0
    splits = [split for split in info.splits if listing.of(split)]
    for split in splits:
        path = journal.folder / f"{split}.h5"
        for n_images in write_split(path, info, split, listing, journal):
            done += n_images
            if progress:
                progress(f"write {info.name}", done, total)
    return write_manifest(info, listing, journal.folder, splits)


@contextmanager
def _writing_to(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DataError(
            f"{root}: cannot write there ({error.strerror or error}). Nothing half-written is "
            f"taken for finished. Free some space or choose another folder with --root DIR."
            + "".join(f" {note}" for note in getattr(error, "__notes__", ()))
        ) from error


@contextmanager
def _exclusive(root: Path, info: DatasetInfo) -> Iterator[None]:
    """One build of a dataset at a time; the lock dies with its process.

    Embedded datasets are built on first use, within seconds: a second user waits.
    """
    with (root / f".{info.name}.lock").open("w") as file:
        try:
            import fcntl  # not on Windows, where builds are not locked
        except ImportError:
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if info.embedded else fcntl.LOCK_NB))
        except BlockingIOError:
            raise DataError(
                f"another process is building {info.name} in {root}. Wait for it to finish."
            ) from None
        yield

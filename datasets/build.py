"""Build a dataset: check, write, verify, and only then take the final name.

A dataset is one folder `<root>/<name>` with a split file each and manifest.json. It is written
as `<name>.partial` and renamed once every byte was read back, so a killed build leaves nothing
that could be taken for a finished one. The same command goes on from the last finished class.
"""

import ctypes
import errno
import functools
import math
import os
import random
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs

from .download import fetch, recorded_check
from .info import DataError, DatasetInfo, Listing, Request
from .journal import Journal, plan_of
from .manifest import read_manifest, write_manifest
from .store import SplitStore
from .writing import write_split

_QUICK_CLASSES = 8
_BYTES_PER_NAME, _BYTES_OF_HEADERS = 100, 100_000  # generous, for the check of free space
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Build:
    """A finished build: where it is, its manifest, and whether it was there before."""

    folder: Path
    manifest: dict[str, Any]
    already_built: bool


def data_root(root: str | Path | None = None) -> Path:
    """Where builds live: `root`, else $FEWBENCH_DATA, else the user's data folder."""
    if root is not None:
        return Path(root).expanduser()
    from_environment = os.environ.get("FEWBENCH_DATA")
    if from_environment:
        return Path(from_environment).expanduser()
    return platformdirs.user_data_path("fewbench")


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
            checks = [recorded_check(request.source / one.filename, one) for one in info.sources]
            listing = replace(listing, checks=(*checks, *listing.checks))
        journal = Journal.resume(root / f"{info.name}.partial", plan_of(info, listing))
        try:
            _check_space(info, listing, journal)
            manifest = _write(info, listing, journal, progress)
        except BaseException as error:
            _leave(info, journal, error)
            raise
        _replace_folder(journal.folder, folder)
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
    missing = [fault for split in info.splits if (fault := _miscount(info, listing, split))]
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


def open_split(info: DatasetInfo, root: Path, split: str) -> SplitStore:
    """The store of one split; an embedded dataset is built on first use.

    Raises DataError naming the command that builds it, or the splits there are.
    """
    if split not in info.splits:
        raise DataError(f"{info.name} has no split '{split}'. It has: {', '.join(info.splits)}.")
    _present(info, root)
    return SplitStore(root / info.name / f"{split}.h5")


def built_splits(info: DatasetInfo, root: Path) -> dict[str, SplitStore]:
    """The stores of a build by split: those that are there, of a partial one. See `open_split`."""
    there = _present(info, root)["splits"]
    return {split: open_split(info, root, split) for split in info.splits if split in there}


def _present(info: DatasetInfo, root: Path) -> dict[str, Any]:
    """The manifest of a build that can be used."""
    manifest = read_manifest(root / info.name)
    if manifest is None and not info.embedded:
        raise DataError(
            f"{info.name} is not built in {root}. Build it: fewbench data build {info.name}"
            f" --source PATH (or without --source, to download it)"
        )
    return manifest or build(info, root).manifest


def verify(info: DatasetInfo, root: Path, *, quick: bool = False) -> dict[str, str]:
    """Read every byte of a build again: split -> content sha256.

    quick: structure, names and the images of a few classes of each split, chosen at random
    Raises DataError naming the first file that is missing, damaged or not the manifest's.
    """
    fingerprints, manifest = {}, _present(info, root)
    for split, store in built_splits(info, root).items():
        recorded = manifest["splits"][split]
        if quick:
            n_classes = len(store.class_names)
            store.verify_classes(random.sample(range(n_classes), min(n_classes, _QUICK_CLASSES)))
        else:
            store.verify()
        if (store.fingerprint, len(store)) != (recorded["content_sha256"], recorded["n_images"]):
            raise DataError(
                f"{store.path}: content sha256 {store.fingerprint} is not the manifest's "
                f"{recorded['content_sha256']}. Build again with --rebuild."
            )
        fingerprints[split] = store.fingerprint
    return fingerprints


def _download(info: DatasetInfo, root: Path, request: Request, progress: Progress | None) -> Path:
    folder = root / "downloads" / info.name.partition("-")[0]
    folder.mkdir(parents=True, exist_ok=True)
    for one in info.sources:
        report = functools.partial(progress, f"download {one.filename}") if progress else None
        command = f"fewbench data build {info.name} --source {shlex.quote(str(folder))}"
        fetch(one, folder, offline=request.offline, progress=report, command=command)
    return folder


def _check_space(info: DatasetInfo, listing: Listing, journal: Journal) -> None:
    """Take the space that the build needs and give it back; raises OSError when there is less.

    HDF5 itself does not survive a full disk: it crashes when it closes the file.
    """
    to_do = [one for one in listing.classes if (one.split, one.name) not in journal.finished]
    n_images = sum(len(one.image_names) for one in to_do)
    needed = n_images * (math.prod(info.image_shape) + _BYTES_PER_NAME) + _BYTES_OF_HEADERS
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


def _replace_folder(finished: Path, folder: Path) -> None:
    """Give a finished build its name; whoever reads meanwhile meets the old one or the new.

    Where the system cannot exchange two folders in one step, for a moment there is none.
    """
    old = folder.with_name(f"{folder.name}.old.partial")
    if folder.exists() and _exchange(finished, folder):
        shutil.rmtree(finished, ignore_errors=True)
        return
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    finished.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Give each folder the name of the other, as Linux can; False when that failed."""
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


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

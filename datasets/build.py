"""Build a dataset: check, write, verify, and only then give it its final name.

A dataset is one folder `<root>/<name>` with a file for each split and manifest.json. It is
written as `<name>.partial` and renamed after every byte was read back, so a killed build
leaves nothing that looks finished. The same command then resumes after the last finished
class.
"""

import math
import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fewbench.files import exclusive, require_space
from fewbench.folders import replace_folder
from fewbench.progress import Progress

from .downloads.fetch import fetch, recorded_check
from .info import ClassImages, DataError, DatasetInfo, Listing, Request
from .store.journal import Journal, outline_of
from .store.manifest import read_manifest, write_manifest
from .store.writer import write_split

# For the check of free space; both are generous.
_BYTES_PER_NAME = 100
_BYTES_OF_HEADERS = 100_000


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

    request: where its source files are; without a source they are downloaded
    progress: called with the stage and the bytes of a download, then the images written
    Raises DataError when the source is missing or wrong, or the disk is full or read-only.
    """
    request = request or Request()
    found = None if rebuild else _find_build(info, root, request)
    if found is not None:
        return found
    with _writing_to(root), _alone(info, root):
        # Another process may have built it while this one waited.
        found = None if rebuild else _find_build(info, root, request)
        if found is not None:
            return found
        listing = _list_source(info, root, request, progress)
        return _build_from(info, root, listing, progress)


def _find_build(info: DatasetInfo, root: Path, request: Request) -> Build | None:
    """The build that is there, None if there is none."""
    folder = root / info.name
    manifest = read_manifest(folder)
    if not manifest:
        return None
    if manifest["partial"] and not request.allow_missing:
        raise DataError(
            f"{folder}: holds a partial build of {info.name}, made with --allow-missing. "
            f"To replace it by the whole dataset: {_command(info, request)} --rebuild"
        )
    return Build(folder, manifest, already_built=True)


def _command(info: DatasetInfo, request: Request) -> str:
    command = f"fewbench data build {info.name}"
    if request.source is None:
        return command
    source = shlex.quote(str(request.source))
    return f"{command} --source {source}"


def _list_source(
    info: DatasetInfo, root: Path, request: Request, progress: Progress | None
) -> Listing:
    """What the source holds, which is downloaded first if the request names none."""
    if request.scratch is None:
        request = replace(request, scratch=root)
    if request.source is not None or info.embedded:
        return _list_classes(info, request)
    folder = _download(info, root, request, progress)
    request = replace(request, source=folder)
    listing = _list_classes(info, request)
    checks: list[str] = []
    for source in info.sources:
        path = folder / source.filename
        checks.append(recorded_check(path, source))
    checks += listing.checks
    return replace(listing, checks=tuple(checks))


def _download(
    info: DatasetInfo, root: Path, request: Request, progress: Progress | None
) -> Path:
    """The folder with all source files; the variants of a dataset share it."""
    dataset, _, _ = info.name.partition("-")
    folder = root / "downloads" / dataset
    folder.mkdir(parents=True, exist_ok=True)
    command = _command(info, Request(folder))
    for source in info.sources:
        fetch(
            source,
            folder,
            offline=request.offline,
            progress=progress,
            command=command,
        )
    return folder


def _list_classes(info: DatasetInfo, request: Request) -> Listing:
    """What the source holds; partial if the request allows it and something is missing."""
    listing = info.list_classes(request)
    faults: list[str] = []
    for split in info.splits:
        fault = _miscount(info, listing, split)
        if fault is not None:
            faults.append(fault)
    if not faults:
        return listing
    if not request.allow_missing or not listing.classes:
        path = "PATH"
        if request.source is not None:
            path = shlex.quote(str(request.source))
        raise DataError(
            f"{info.name}, {faults[0]}. The source is incomplete, or another dataset. "
            f"See what it is: fewbench data identify {path}; or build what is there, "
            f"marked as partial: {_command(info, request)} --allow-missing"
        )
    checks = list(listing.checks)
    for fault in faults:
        checks.append(f"PARTIAL: {fault}")
    return replace(listing, partial=True, checks=tuple(checks))


def _miscount(info: DatasetInfo, listing: Listing, split: str) -> str | None:
    """What is wrong with the counts of a split, None if they are as expected."""
    expected = info.splits[split]
    classes = listing.of(split)
    n_classes = len(classes)
    n_images = _count_images(classes)
    has_all_classes = n_classes == expected.n_classes
    has_all_images = n_images == expected.n_images
    if has_all_classes and has_all_images:
        return None
    return (
        f"{split}: expected {expected.n_classes} classes and {expected.n_images} images, "
        f"found {n_classes} and {n_images}"
    )


def _build_from(
    info: DatasetInfo, root: Path, listing: Listing, progress: Progress | None
) -> Build:
    unfinished = root / f"{info.name}.partial"
    outline = outline_of(info, listing)
    journal = Journal.resume(unfinished, outline)
    try:
        _require_room(info, listing, journal)
        manifest = _write(info, listing, journal, progress)
    except BaseException as error:
        _tidy_up(info, journal, error)
        raise
    folder = root / info.name
    replace_folder(journal.folder, folder)
    # Only now, so that a build killed in between can still resume.
    Journal.close(folder)
    return Build(folder, manifest, already_built=False)


def _require_room(info: DatasetInfo, listing: Listing, journal: Journal) -> None:
    """Raise OSError when the disk has less room than the build still needs.

    HDF5 does not survive a full disk: it crashes when it closes the file.
    """
    to_write: list[ClassImages] = []
    for one in listing.classes:
        key = (one.split, one.name)
        if key not in journal.finished:
            to_write.append(one)
    n_images = _count_images(to_write)
    bytes_per_image = math.prod(info.image_shape) + _BYTES_PER_NAME
    needed = n_images * bytes_per_image + _BYTES_OF_HEADERS
    require_space(journal.folder, needed)


def _write(
    info: DatasetInfo, listing: Listing, journal: Journal, progress: Progress | None
) -> dict[str, Any]:
    """Write every split that has classes, then the manifest, which is returned."""
    total = _count_images(listing.classes)
    done = 0
    splits = [split for split in info.splits if listing.of(split)]
    for split in splits:
        path = journal.folder / f"{split}.h5"
        for n_images in write_split(path, info, split, listing, journal):
            done += n_images
            if progress:
                progress(f"write {info.name}", done, total)
    return write_manifest(info, listing, journal.folder, splits)


def _count_images(classes: Iterable[ClassImages]) -> int:
    return sum(len(one.image_names) for one in classes)


def _tidy_up(info: DatasetInfo, journal: Journal, error: BaseException) -> None:
    """Remove what an interrupted build left, unless another run can resume it."""
    n_finished = len(journal.finished)
    if not n_finished:
        shutil.rmtree(journal.folder, ignore_errors=True)
        return
    error.add_note(
        f"{n_finished} finished classes are kept in {journal.folder}: the same command "
        f"resumes there. To build {info.name} from the start, delete that folder."
    )


@contextmanager
def _writing_to(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or error
        advice = "Free some space, or choose another folder with the option --root DIR."
        for note in getattr(error, "__notes__", ()):
            advice += f" {note}"
        raise DataError(
            f"{root}: cannot write there ({reason}). Nothing half-written is taken for "
            f"finished. {advice}"
        ) from error


@contextmanager
def _alone(info: DatasetInfo, root: Path) -> Iterator[None]:
    """Keep other processes from building the same dataset.

    Embedded datasets are built on first use, within seconds: a second process waits.
    """
    lock = root / f".{info.name}.lock"
    try:
        with exclusive(lock, wait=info.embedded):
            yield
    except BlockingIOError:
        raise DataError(
            f"another process is building {info.name} in {root}. Wait until it "
            f"has finished, then type the same command again."
        ) from None

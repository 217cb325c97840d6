"""Build a dataset in the folder `<root>/<name>`.

The folder contains an HDF5 file for each split, and manifest.json. While it is written,
it is called `<name>.partial`. It gets its final name when every byte was read back and
checked. A killed build therefore never looks finished. The same command resumes it
after the last finished class.
"""

import math
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fewbench.folders import remove_tree, replace_folder
from fewbench.locks import exclusive
from fewbench.progress import Progress
from fewbench.signals import held_signals
from fewbench.space import require_space

from .build_target import refuse_foreign_files, writing_to
from .downloads.checksums import hints_to_delete
from .downloads.fetch import fetch, recorded_check
from .info import ClassImages, DataError, DatasetInfo, Listing, Request
from .source_checks import refuse_changed_source, refuse_equal_names
from .store.journal import Journal, outline_of
from .store.manifest import read_manifest, write_manifest
from .store.writer import write_split

# Generous estimates for the check of free space.
_BYTES_PER_NAME = 100
_BYTES_OF_HEADERS = 100_000


@dataclass(frozen=True)
class Build:
    """A finished build.

    folder: `<root>/<name>`
    manifest: the content of manifest.json in that folder
    already_built: whether the build was finished before `build` was called
    """

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
    """Build every split of a dataset in `<root>/<name>`, or find the finished build.

    request: the source files to use; if it names no source, they are downloaded
    rebuild: whether to replace a finished build
    progress: called with the stage, the number that is done and the total; the numbers
        count the bytes of a download, or the images to write
    Raises DataError if the source is missing or wrong, or if the disk is full or
    read-only. Also raises DataError if there is a partial build, and the request does
    not allow missing data.
    Raises UserError if it would replace files that no build has written.
    Raises Busy if another process is building the dataset.
    """
    request = request or Request()
    found = None if rebuild else _find_build(info, root, request)
    if found is not None:
        return found
    doing = f"building {info.name} in {root}"
    lock = root / f".{info.name}.lock"
    # An embedded dataset (its pixels come with fewbench) is built within seconds.
    with writing_to(root), exclusive(lock, doing, wait=info.embedded):
        # Another process may have built the dataset while this process waited.
        found = None if rebuild else _find_build(info, root, request)
        if found is not None:
            return found
        refuse_foreign_files(info, root)
        listing = _list_source(info, root, request, progress)
        return _build_from(info, root, listing, progress)


def _find_build(info: DatasetInfo, root: Path, request: Request) -> Build | None:
    """Return the finished build in `root`; None if there is no finished build.

    Raises DataError if the build is partial and the request forbids missing data.
    """
    folder = root / info.name
    manifest = read_manifest(folder)
    if not manifest:
        return None
    if manifest["partial"] and not request.allow_missing:
        raise DataError(
            f"{folder}: holds a partial build of {info.name}, made with "
            f"--allow-missing. To replace it with the complete dataset: "
            f"{_command(info, request)} --rebuild"
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
    """Return the classes in the source. Download it if the request names no source."""
    if request.scratch is None:
        request = replace(request, scratch=root)
    if request.source is not None or not info.sources:
        return _list_classes(info, request)
    folder = _download(info, root, request, progress)
    request = replace(request, source=folder)
    try:
        listing = _list_classes(info, request)
    except DataError as error:
        hints = hints_to_delete(info.sources, folder)
        raise DataError(*error.lines, *hints) from error
    checks: list[str] = []
    for source in info.sources:
        path = folder / source.filename
        checks.append(recorded_check(path, source))
    checks += listing.checks
    return replace(listing, checks=tuple(checks))


def _download(
    info: DatasetInfo, root: Path, request: Request, progress: Progress | None
) -> Path:
    """Download all source files. Return their folder, `<root>/downloads/<dataset>`.

    A dataset and its variants share this folder.
    """
    folder = root / "downloads" / info.base
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
    """Return the classes in the source, and check the numbers of classes and images.

    If the numbers are wrong and the request allows missing data, the listing is marked
    as partial.
    Raises DataError if the numbers are wrong and the request allows no missing data.
    """
    listing = info.list_classes(request)
    refuse_equal_names(info, listing)
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
            f"{info.name}, {faults[0]}. The source is incomplete or contains another "
            f"dataset. To find out what it contains: fewbench data identify {path}; "
            f"or, to make a partial build of what is there: {_command(info, request)} "
            f"--allow-missing"
        )
    checks = list(listing.checks)
    for fault in faults:
        checks.append(f"PARTIAL: {fault}")
    return replace(listing, partial=True, checks=tuple(checks))


def _miscount(info: DatasetInfo, listing: Listing, split: str) -> str | None:
    """Return a message if a split lacks or exceeds the expected counts; else None."""
    expected = info.splits[split]
    classes = listing.of(split)
    n_classes = len(classes)
    n_images = _count_images(classes)
    has_all_classes = n_classes == expected.n_classes
    has_all_images = n_images == expected.n_images
    if has_all_classes and has_all_images:
        return None
    return (
        f"{split}: expected {expected.n_classes} classes and {expected.n_images} "
        f"images, found {n_classes} classes and {n_images} images"
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
    with held_signals():
        replace_folder(journal.folder, folder)
        # The journal is deleted last, so that a build killed before can still resume.
        Journal.close(folder)
    return Build(folder, manifest, already_built=False)


def _require_room(info: DatasetInfo, listing: Listing, journal: Journal) -> None:
    """Raise OSError if the disk has less free space than the build still needs.

    On a full disk, HDF5 would crash when it closes a file.
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
    """Write every split that has classes, then manifest.json. Return its content."""
    total = _count_images(listing.classes)
    done = 0
    splits = [split for split in info.splits if listing.of(split)]
    for split in splits:
        path = journal.folder / f"{split}.h5"
        for n_images in write_split(path, info, split, listing, journal):
            done += n_images
            if progress:
                progress(f"write {info.name}", done, total)
    refuse_changed_source(info, listing)
    if info.check_files:
        checks = (*listing.checks, *info.check_files(journal.folder))
        listing = replace(listing, checks=checks)
    return write_manifest(info, listing, journal.folder, splits)


def _count_images(classes: Iterable[ClassImages]) -> int:
    return sum(len(one.image_names) for one in classes)


def _tidy_up(info: DatasetInfo, journal: Journal, error: BaseException) -> None:
    """Delete an interrupted build, unless it has finished classes to resume after.

    If it has finished classes, add a note about them to the error.
    """
    n_finished = len(journal.finished)
    if not n_finished:
        remove_tree(journal.folder)
        return
    error.add_note(
        f"{n_finished} finished classes are kept in {journal.folder}. The same command "
        f"resumes after them. To build {info.name} from the start, delete that folder."
    )

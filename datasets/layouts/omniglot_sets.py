"""Find Omniglot's two image sets in a source: as archives, as folders, or inside others."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ..archives.side_by_side import ARCHIVE_SUFFIXES
from ..archives.tree import Tree, open_tree
from ..archives.unpacking import pieces
from ..downloads.checksums import file_digest
from ..info import DataError, Request, Source
from .source_files import open_source


class MissingSet(DataError):
    """A source lacks one of the two image sets."""


def set_name(official: Source) -> str:
    """Return the name of an image set, which is that of its archive without the suffix."""
    return official.filename.removesuffix(".zip")


def open_set(
    request: Request, source: Path, official: Source
) -> tuple[Tree, list[str], str]:
    """Open one of the two image sets.

    Returns the folder or archive with the set, the names of the files to look at, and a
    sentence on the checksum of the archive.
    Raises MissingSet if the set is missing, and DataError if its archive is damaged.
    """
    name = set_name(official)
    archive = _archive_in(source, name)
    if archive is not None:
        tree = open_tree(archive, scratch=request.scratch)
        return tree, tree.names(), _archive_check(archive, official)
    folder = source / name
    if folder.is_dir():
        tree = open_tree(folder)
        return tree, tree.names(), f"{name}/: a folder, no archive checksum"
    tree = open_source(request).tree
    if source.name == name:
        return tree, tree.names(), f"{name}/: a folder, no archive checksum"
    names = [file for file in tree.names() if name in file.split("/")]
    if names:
        return tree, names, f"{name}/ in {source.name}: no archive checksum"
    raise MissingSet(
        f"{source}: omniglot: expected {official.filename} or the folder "
        f"{folder.name}/, got neither. Download {official.urls[0]} and name the folder "
        f"with that file: fewbench data build omniglot --source DIR"
    )


def _archive_in(source: Path, name: str) -> Path | None:
    """Return the archive of a set in a folder; None if there is none."""
    for suffix in ARCHIVE_SUFFIXES:
        archive = source / f"{name}{suffix}"
        if archive.is_file():
            return archive
    return None


def _lies_directly(source: Path, official: Source) -> bool:
    name = set_name(official)
    return _archive_in(source, name) is not None or (source / name).is_dir()


def inner_archives(
    names: Iterable[str], sources: Iterable[Source]
) -> Mapping[str, str]:
    """Return file name -> path of the official archives among the files of a source."""
    wanted = {official.filename for official in sources}
    inner: dict[str, str] = {}
    for name in names:
        file_name = PurePosixPath(name).name
        if file_name in wanted:
            inner[file_name] = name
    return inner


@contextmanager
def without_inner_archives(
    request: Request, sources: Iterable[Source]
) -> Iterator[tuple[Request, str]]:
    """Unpack the official archives that lie inside another archive of the source.

    Yields the request for their temporary folder, and the stamp of the source. If there
    are none, yields the request itself and "".
    """
    sources = tuple(sources)
    if all(_lies_directly(request.source or Path(), official) for official in sources):
        # Whatever else is in the folder is not looked at.
        yield request, ""
        return
    tree = open_source(request).tree
    inner = inner_archives(tree.names(), sources)
    if not inner:
        yield request, ""
        return
    with tempfile.TemporaryDirectory(dir=request.scratch, prefix=".unpacked.") as path:
        folder = Path(path)
        for file_name, name in inner.items():
            with (folder / file_name).open("wb") as file:
                for piece in pieces(tree.byte_range(name)):
                    file.write(piece)
        try:
            yield replace(request, source=folder), tree.stamp()
        except DataError as error:
            # The temporary folder is gone before anyone could look into it.
            name = f"{request.source}: "
            lines = [line.replace(f"{folder}/", name) for line in error.lines]
            raise DataError(*lines) from error


def _archive_check(archive: Path, official: Source) -> str:
    if file_digest(archive, "md5") == official.md5:
        return f"{archive.name}: archive md5 is the official one"
    return f"{archive.name}: archive md5 is not the official one"

"""Find Omniglot's two image sets in a source: as archives, as folders, or inside others."""

from pathlib import Path

from ..archives.side_by_side import ARCHIVE_SUFFIXES
from ..archives.tree import Tree, open_tree
from ..downloads.checksums import file_digest
from ..info import DataError, Request, Source
from .source_files import open_source


def set_name(official: Source) -> str:
    """Return the name of an image set, which is that of its archive without the suffix."""
    return official.filename.removesuffix(".zip")


def open_set(
    request: Request, source: Path, official: Source
) -> tuple[Tree, list[str], str]:
    """Open one of the two image sets.

    Returns the folder or archive with the set, the names of the files to look at, and a
    sentence on the checksum of the archive.
    Raises DataError if the set is missing, or if its archive is damaged.
    """
    name = set_name(official)
    for suffix in ARCHIVE_SUFFIXES:
        archive = source / f"{name}{suffix}"
        if archive.is_file():
            tree = open_tree(archive, scratch=request.scratch)
            return tree, tree.names(), _archive_check(archive, official)
    folder = source / name
    if folder.is_dir():
        tree = open_tree(folder)
        return tree, tree.names(), f"{name}/: a folder, no archive checksum"
    tree = open_source(request).tree
    names = [file for file in tree.names() if name in file.split("/")]
    if names:
        return tree, names, f"{name}/ in {source.name}: no archive checksum"
    raise DataError(
        f"{source}: omniglot: expected {official.filename} or the folder "
        f"{folder.name}/, got neither. Download {official.urls[0]} and name the folder "
        f"with that file: fewbench data build omniglot --source DIR"
    )


def _archive_check(archive: Path, official: Source) -> str:
    if file_digest(archive, "md5") == official.md5:
        return f"{archive.name}: archive md5 is the official one"
    return f"{archive.name}: archive md5 is not the official one"

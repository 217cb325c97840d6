"""The files in a source, and what they hold. Images and inner archives stay in the tree."""

import json
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from ..archives.folders import FolderMembers
from ..archives.limits import Limits
from ..archives.refusals import refusal
from ..archives.signatures import HEAD_BYTES, kind_of
from ..archives.tree import Tree, open_tree
from ..info import DataError, Request
from ..lookup import shown
from ..pickles.reader import read_pickle
from ..pickles.strings import text
from .npz import NpyArray, open_npz
from .source_file import (
    ARCHIVE_SUFFIXES,
    IMAGE_SUFFIXES,
    SourceFile,
    find_file,
    may_be_data,
)
from .torchmeta import ClassGroup, read_groups

CONVERSION = "conversion.json"  # what `fewbench data convert` writes beside its output
# File names end like this when they tell about the data: they may lie beside an archive.
_NOTES = (
    ".txt",
    ".md",
    ".md5",
    ".sha256",
    ".json",
    ".part",
    "sums",
    "readme",
    "license",
)
_MOST_FILES = 200  # that are neither images nor archives; an honest source has a dozen


class SourceFiles:
    """The files of one source. What a file holds is read once and kept."""

    def __init__(self, tree: Tree, scratch: Path | None) -> None:
        self.tree = tree
        self._scratch = scratch
        self._pickles: dict[str, object] = {}
        self._groups: dict[str, dict[str, ClassGroup]] = {}
        self._arrays: dict[str, dict[str, NpyArray]] = {}

    @cached_property
    def files(self) -> tuple[SourceFile, ...]:
        """All files but images and archives. Raises DataError for a web page."""
        data = []
        others = []  # there may be thousands
        for name in self.tree.names():
            if not self._is_plain(name):
                continue
            if may_be_data(name):
                data.append(name)
            else:
                others.append(name)
        names = data + others
        return tuple(find_file(self.tree, name) for name in names[:_MOST_FILES])

    @cached_property
    def resampling(self) -> str | None:
        """The filter in the conversion record, if `fewbench data convert` wrote this source."""
        made = set()
        for name in self.tree.names():
            if PurePosixPath(name).name == CONVERSION:
                made.add(self._recorded_resampling(name))
        if len(made) > 1:
            raise refusal(
                self.tree.label,
                "it",
                expected="pixels made by one filter",
                got=" and ".join(sorted(made)),
                advice="Name the folder to use: --source DIR",
            )
        return made.pop() if made else None

    def of_kind(self, kind: str) -> list[SourceFile]:
        """The files of one kind."""
        return [file for file in self.files if file.kind == kind]

    def pickle(self, file: SourceFile) -> object:
        """What a pickle holds; large arrays stay in the file."""
        if file.name not in self._pickles:
            value = read_pickle(file.byte_range(), self._scratch)
            self._pickles[file.name] = value
        return self._pickles[file.name]

    def table(self, file: SourceFile) -> dict[str, Any]:
        """The dict in a pickle, see with_text_keys."""
        return with_text_keys(self.pickle(file))

    def groups(self, file: SourceFile) -> dict[str, ClassGroup]:
        """Class name -> images of a torchmeta HDF5 file."""
        if file.name not in self._groups:
            self._groups[file.name] = read_groups(file.byte_range())
        return self._groups[file.name]

    def arrays(self, file: SourceFile) -> dict[str, NpyArray]:
        """Name -> array of an .npz file."""
        if file.name not in self._arrays:
            self._arrays[file.name] = open_npz(file.byte_range(), self._scratch)
        return self._arrays[file.name]

    def _is_plain(self, name: str) -> bool:
        """Whether it is neither an image, an archive, nor empty."""
        lower = name.lower()
        if lower.endswith(IMAGE_SUFFIXES):
            return False
        if lower.endswith(ARCHIVE_SUFFIXES):
            return False
        return self.tree.size(name) > 0

    def _recorded_resampling(self, name: str) -> str:
        try:
            record = json.loads(self.tree.read(name))
            return shown(record["resampling"])
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            raise refusal(
                self.tree.label,
                CONVERSION,
                expected="the record that `fewbench data convert` wrote",
                got=shown(str(error)),
                advice="Convert the data again, or delete that file.",
            ) from error


def with_text_keys(value: object) -> dict[str, Any]:
    """A pickled dict with its keys as text; {} when `value` is no dict.

    Python 2 wrote the keys as bytes. Keys that are neither are left out.
    """
    if not isinstance(value, dict):
        return {}
    table = {}
    for key, item in value.items():
        if isinstance(key, str | bytes):
            table[text(key)] = item
    return table


def open_source(request: Request) -> SourceFiles:
    """The files of a source: a folder, an archive, a folder with one archive, or one file.

    Raises DataError when there is no source, or it cannot be read.
    """
    if request.source is None:
        raise DataError("no source was given. Add --source PATH")
    try:
        path = _only_archive(request.source)
        if path.is_file() and not _is_archive(path):
            return SourceFiles(_tree_of_one_file(path), request.scratch)
    except OSError as error:
        raise refusal(
            str(request.source),
            "it",
            expected="a file or folder that you may read",
            got=error.strerror or str(error),
            advice="Name another source: --source PATH",
        ) from error
    tree = open_tree(path, scratch=request.scratch)
    return SourceFiles(tree, request.scratch)


def _only_archive(path: Path) -> Path:
    """The archive in a folder that holds nothing else but notes; otherwise `path`."""
    if not path.is_dir():
        return path
    children = []
    for child in path.iterdir():
        is_hidden = child.name.startswith(".")
        is_note = child.name.lower().endswith(_NOTES)
        if not is_hidden and not is_note:
            children.append(child)
    if len(children) == 1 and children[0].name.lower().endswith(ARCHIVE_SUFFIXES):
        return children[0]
    return path


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    is_npz = kind == "zip" and path.suffix.lower() == ".npz"
    return kind in ("tar", "zip", "gzip", "bzip2", "xz") and not is_npz


def _tree_of_one_file(path: Path) -> Tree:
    """The folder of a file, of which only this file and a conversion record are shown."""
    names = {path.name}
    if (path.parent / CONVERSION).is_file():
        names.add(CONVERSION)
    return Tree(FolderMembers(path.parent, Limits(), only=names))

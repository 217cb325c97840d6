"""The data files in a source (a folder, an archive or one file), and their contents."""

from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, TypeAdapter

from fewbench.documents import DocumentError, fit, parse_json, shown

from ..archives.folders import FolderMembers
from ..archives.limits import Limits
from ..archives.refusals import refusal
from ..archives.side_by_side import ARCHIVE_SUFFIXES
from ..archives.signatures import HEAD_BYTES, kind_of
from ..archives.tree import Tree, open_tree
from ..info import DataError, Request
from ..pickles.reader import read_pickle
from ..pickles.strings import text
from .ilsvrc import CLASS_TAR
from .npz import NpyArray, open_npz
from .source_file import (
    IMAGE_SUFFIXES,
    SourceFile,
    find_file,
    may_be_data,
)
from .torchmeta import ClassGroup, read_groups

# `fewbench data convert` writes this record beside its output.
CONVERSION = "conversion.json"
# At most this many data files are looked at. Published sources have about a dozen.
_MOST_FILES = 200


class _Conversion(BaseModel):
    """The one field of conversion.json that a build uses."""

    resampling: str


_CONVERSION = TypeAdapter(_Conversion)


class SourceFiles:
    """The data files in one source. The contents of a file are read once and kept.

    tree: all files in the source, with images and inner archives
    """

    def __init__(self, tree: Tree, scratch: Path | None) -> None:
        self.tree = tree
        self._scratch = scratch
        self._pickles: dict[str, object] = {}
        self._groups: dict[str, dict[str, ClassGroup]] = {}
        self._arrays: dict[str, dict[str, NpyArray]] = {}

    @cached_property
    def files(self) -> tuple[SourceFile, ...]:
        """At most 200 files that are not images, archives or empty.

        Files with the ending of a data file come first.
        Raises DataError if such a file contains a web page.
        """
        data = []
        others = []  # These come last, because there may be thousands.
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
        """The filter in the record conversion.json, or None if there is no record.

        `fewbench data convert` writes this record.
        Raises DataError if the record is damaged, or if two records name two filters.
        """
        made = set()
        for name in self.tree.names():
            if PurePosixPath(name).name == CONVERSION:
                made.add(self._recorded_resampling(name))
        if len(made) > 1:
            raise refusal(
                self.tree.label,
                "it",
                expected="images that were all resized by one filter",
                got=" and ".join(sorted(made)),
                advice="Name the folder to use: --source DIR",
            )
        return made.pop() if made else None

    def of_kind(self, kind: str) -> list[SourceFile]:
        """Return the files of one kind, a value of SourceFile.kind."""
        return [file for file in self.files if file.kind == kind]

    def pickle(self, file: SourceFile) -> object:
        """Return the value in a pickle. Its large arrays are not read yet."""
        if file.name not in self._pickles:
            value = read_pickle(file.byte_range(), self._scratch)
            self._pickles[file.name] = value
        return self._pickles[file.name]

    def table(self, file: SourceFile) -> dict[str, Any]:
        """Return the dict in a pickle with its keys as text, or {} for other values."""
        return with_text_keys(self.pickle(file))

    def groups(self, file: SourceFile) -> dict[str, ClassGroup]:
        """Return class name -> images for a torchmeta HDF5 file."""
        if file.name not in self._groups:
            self._groups[file.name] = read_groups(file.byte_range())
        return self._groups[file.name]

    def arrays(self, file: SourceFile) -> dict[str, NpyArray]:
        """Return name -> array for an .npz file."""
        if file.name not in self._arrays:
            self._arrays[file.name] = open_npz(file.byte_range(), self._scratch)
        return self._arrays[file.name]

    def _is_plain(self, name: str) -> bool:
        """Return whether a file is not an image, not an archive and not empty."""
        lower = name.lower()
        if lower.endswith(IMAGE_SUFFIXES):
            return False
        if lower.endswith(ARCHIVE_SUFFIXES):
            return False
        return self.tree.size(name) > 0

    def _recorded_resampling(self, name: str) -> str:
        try:
            record = fit(parse_json(self.tree.read(name)), _CONVERSION)
            return shown(record.resampling)
        except DocumentError as error:
            raise refusal(
                self.tree.label,
                CONVERSION,
                expected="the record that `fewbench data convert` writes",
                got=shown(error),
                advice="Convert the data again, or delete that file.",
            ) from error


def with_text_keys(value: object) -> dict[str, Any]:
    """Return a pickled dict with its keys as text, or {} if `value` is not a dict.

    Python 2 wrote the keys as bytes. Keys that are neither text nor bytes are left out.
    """
    if not isinstance(value, dict):
        return {}
    table = {}
    for key, item in value.items():
        if isinstance(key, str | bytes):
            table[text(key)] = item
    return table


def open_source(
    request: Request, refused: dict[str, DataError] | None = None
) -> SourceFiles:
    """Return the files in the source of a request.

    The source is a folder, an archive, a folder of archives, or one file. The archives
    in a folder are read as if they were unpacked there. Only the tar of one class of
    ILSVRC2012, such as n01532829.tar, stays a tar, because there may be a thousand.
    refused: where the error of each archive in a folder that cannot be read is put, by
        the name of the archive; None to raise the first
    Raises DataError if the request names no source, or if the source cannot be read.
    """
    if request.source is None:
        raise DataError("no source was given. Add --source PATH (file or folder)")
    try:
        path = request.source
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
    tree = open_tree(
        path,
        scratch=request.scratch,
        is_archive=_is_looked_into,
        refused=refused,
    )
    return SourceFiles(tree, request.scratch)


def _is_looked_into(name: str) -> bool:
    is_archive = name.lower().endswith(ARCHIVE_SUFFIXES)
    return is_archive and not CLASS_TAR.fullmatch(name)


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    is_npz = kind == "zip" and path.suffix.lower() == ".npz"
    return kind in ("tar", "zip", "gzip", "bzip2", "xz") and not is_npz


def _tree_of_one_file(path: Path) -> Tree:
    """Return a tree with one file, and with the conversion.json beside it, if any."""
    names = {path.name}
    if (path.parent / CONVERSION).is_file():
        names.add(CONVERSION)
    return Tree(FolderMembers(path.parent, Limits(), only=names))

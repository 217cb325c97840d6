"""What a source holds, found by looking into its files: names alone are believed of no file."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from ..archives.byte_ranges import Span
from ..archives.folders import FolderMembers
from ..archives.limits import Limits
from ..archives.signatures import HEAD_BYTES, kind_of, looks_like_page
from ..archives.tree import Tree, open_tree
from ..info import DataError, Request
from ..lookup import shown
from ..pickles.arrays import text
from ..pickles.reader import read_pickle
from .npz import open_npz
from .torchmeta import read_groups

CONVERSION = "conversion.json"
PICTURES = (".jpg", ".jpeg", ".png")
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_DATA = ("", ".pkl", ".pickle", ".p", ".h5", ".hdf5", ".hdf", ".npz", ".csv", ".txt")
_ASIDE = (
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
_MOST_FILES = 200  # of other kinds; an honest source has a dozen
_MOST_TEXT = 2**22


@dataclass(frozen=True)
class Found:
    """A file that is neither picture nor archive, and of what kind it is by its first bytes.

    kind: "pickle", "groups" (HDF5), "npz", "csv", "text" or "unknown"
    """

    tree: Tree
    name: str
    kind: str

    @property
    def label(self) -> str:
        """Where it is, for messages."""
        return f"{self.tree.label}: {shown(self.name)}"

    @property
    def stem(self) -> str:
        """File name without folder and ending."""
        return PurePosixPath(self.name).stem

    def span(self) -> Span:
        """Its bytes."""
        return self.tree.span(self.name)

    def lines(self) -> list[str]:
        """The lines of a text file. Raises DataError when it is none."""
        span = self.span()
        if len(span) > _MOST_TEXT:
            raise DataError(
                f"{self.label}: {len(span):,} bytes are too many for a list"
            )
        try:
            return span.read_at(0, len(span)).decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self.label}: is no text ({error.reason}). Get it again"
            ) from error


class Findings:
    """The files of one source: pictures stay in the tree, everything else is sorted by kind."""

    def __init__(self, tree: Tree, scratch: Path | None) -> None:
        self.tree = tree
        self._scratch = scratch
        self._values: dict[str, Any] = {}

    @cached_property
    def files(self) -> tuple[Found, ...]:
        """What is neither picture nor inner archive. Raises DataError for a web page."""
        names = [
            name
            for name in self.tree.names()
            if not name.lower().endswith(PICTURES + _ARCHIVES) and self.tree.size(name)
        ]
        names.sort(
            key=lambda name: not _may_be_data(name)
        )  # the others may be thousands
        return tuple(
            Found(self.tree, name, self._kind(name)) for name in names[:_MOST_FILES]
        )

    @cached_property
    def resampling(self) -> str | None:
        """What `fewbench data convert` noted of the pixels, if it wrote this source."""
        notes = [n for n in self.tree.names() if PurePosixPath(n).name == CONVERSION]
        if not notes:
            return None
        try:
            made = {
                shown(json.loads(self.tree.read(name))["resampling"]) for name in notes
            }
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            raise DataError(
                f"{self.tree.label}: {CONVERSION} cannot be read ({shown(str(error))}). Convert "
                f"again, or delete that file"
            ) from error
        if len(made) > 1:
            raise DataError(
                f"{self.tree.label}: holds pixels made by {' and by '.join(sorted(made))}. Name "
                f"the one to use: --source DIR"
            )
        return made.pop()

    def of(self, kind: str) -> list[Found]:
        """The files of one kind."""
        return [one for one in self.files if one.kind == kind]

    def value(self, one: Found) -> Any:
        """What a pickle, HDF5 or npz file holds; big arrays stay in the file."""
        if one.name not in self._values:
            if one.kind == "pickle":
                self._values[one.name] = read_pickle(one.span(), self._scratch)
            elif one.kind == "groups":
                self._values[one.name] = read_groups(one.span())
            else:
                self._values[one.name] = open_npz(one.span(), self._scratch)
        return self._values[one.name]

    def table(self, one: Found) -> dict[str, Any]:
        """A pickled dict by text keys, see by_text."""
        return self.by_text(self.value(one))

    @staticmethod
    def by_text(value: object) -> dict[str, Any]:
        """A dict by text keys, whatever protocol wrote it; {} when it is something else."""
        if not isinstance(value, dict):
            return {}
        return {
            text(key): item
            for key, item in value.items()
            if isinstance(key, str | bytes)
        }

    def _kind(self, name: str) -> str:
        span = self.tree.span(name)
        head = span.read_at(0, min(HEAD_BYTES, len(span)))
        ending = PurePosixPath(name).suffix.lower()
        if looks_like_page(head) and _may_be_data(name):
            raise DataError(
                f"{self.tree.label}: {shown(name)} is a web page and not data: the download was "
                f"probably a sign-in, quota or error page. Get it again"
            )
        by_bytes = {"HDF5": "groups", "zip": "npz", "pickle": "pickle"}.get(
            kind_of(head) or ""
        )
        by_name = {".pkl": "pickle", ".pickle": "pickle", ".csv": "csv", ".txt": "text"}
        return by_bytes or by_name.get(ending, "unknown")


def _may_be_data(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _DATA


def open_findings(request: Request) -> Findings:
    """What is in a source: a folder, an archive, a folder with nothing but one, or one file.

    Raises DataError when there is no source, or it cannot be read.
    """
    if request.source is None:
        raise DataError("a source is needed: --source PATH")
    try:
        path = _only_archive(request.source)
        if path.is_file() and not _is_archive(path):
            return Findings(Tree(_OneFile(path)), request.scratch)
    except OSError as error:
        raise DataError(
            f"{request.source}: cannot be read ({error.strerror}). Name a source that you may "
            f"read: --source PATH"
        ) from error
    return Findings(open_tree(path, scratch=request.scratch), request.scratch)


def _only_archive(path: Path) -> Path:
    """The archive that a folder holds when it holds nothing but notes besides, else `path`."""
    if path.is_dir():
        visible = (child for child in path.iterdir() if not child.name.startswith("."))
        inside = [child for child in visible if not child.name.lower().endswith(_ASIDE)]
        if len(inside) == 1 and inside[0].name.lower().endswith(_ARCHIVES):
            return inside[0]
    return path


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    is_npz = kind == "zip" and path.suffix.lower() == ".npz"
    return kind in ("tar", "zip", "gzip", "bzip2", "xz") and not is_npz


class _OneFile(FolderMembers):
    """A folder of which only one file is looked at."""

    def __init__(self, path: Path) -> None:
        super(FolderMembers, self).__init__(str(path.parent), Limits())
        self._path = path.parent
        noted = (path.parent / CONVERSION).is_file()
        self.names = sorted({path.name, CONVERSION} if noted else {path.name})

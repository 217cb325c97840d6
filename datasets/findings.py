"""What a source holds, found by looking into its files: names alone are believed of no file."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from .archives import Limits, Tree, open_tree
from .contents import HEAD_BYTES, kind_of, looks_like_page
from .folders import FolderMembers
from .info import DataError, Request
from .npz import open_npz
from .pickles import read_pickle, text
from .spans import Span
from .store import read_groups

CONVERSION = "conversion.json"
PICTURES = (".jpg", ".jpeg", ".png")
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_MOST_FILES = 200  # of other kinds; an honest source has a dozen
_MOST_TEXT = 2**26


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
        return f"{self.tree.label}: {self.name}"

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
            raise DataError(f"{self.label}: {len(span):,} bytes are too many for a list")
        try:
            return span.read_at(0, len(span)).decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise DataError(f"{self.label}: is no text ({error.reason}). Get it again") from error


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
        return tuple(Found(self.tree, name, self._kind(name)) for name in names[:_MOST_FILES])

    @cached_property
    def resampling(self) -> str | None:
        """What `fewbench data convert` noted of the pixels, if it wrote this source."""
        if CONVERSION not in self.tree.names():
            return None
        try:
            return str(json.loads(self.tree.read(CONVERSION))["resampling"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{self.tree.label}: {CONVERSION} cannot be read ({error}). Convert again, or "
                f"delete that file"
            ) from error

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
        """A pickled dict by text keys, whatever protocol wrote it; {} when it is something else."""
        value = self.value(one)
        if not isinstance(value, dict):
            return {}
        return {text(key): item for key, item in value.items() if isinstance(key, str | bytes)}

    def _kind(self, name: str) -> str:
        span = self.tree.span(name)
        head = span.read_at(0, min(HEAD_BYTES, len(span)))
        ending = PurePosixPath(name).suffix.lower()
        if looks_like_page(head) and ending not in (".html", ".htm", ".xml"):
            raise DataError(
                f"{self.tree.label}: {name} is a web page and not data: the download was "
                f"probably a sign-in, quota or error page. Get it again"
            )
        by_bytes = {"HDF5": "groups", "zip": "npz", "pickle": "pickle"}.get(kind_of(head) or "")
        by_name = {".pkl": "pickle", ".pickle": "pickle", ".csv": "csv", ".txt": "text"}
        return by_bytes or by_name.get(ending, "unknown")


def open_findings(request: Request) -> Findings:
    """What is in a source: a folder, an archive, a folder with nothing but one, or one file.

    Raises DataError when there is no source, or it cannot be read.
    """
    if request.source is None:
        raise DataError("a source is needed: --source PATH")
    path = request.source
    if path.is_dir():
        inside = [child for child in path.iterdir() if not child.name.startswith(".")]
        if len(inside) == 1 and inside[0].name.lower().endswith(_ARCHIVES):
            path = inside[0]
    if path.is_file() and not _is_archive(path):
        return Findings(Tree(_OneFile(path)), request.scratch)
    return Findings(open_tree(path, scratch=request.scratch), request.scratch)


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
        self.names = [path.name]

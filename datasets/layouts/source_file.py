"""One file in a source (folder or archive), and the kind of data in it.

The first bytes decide the kind. If they are unknown, the file ending decides.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from fewbench.documents import shown

from ..archives.byte_ranges import ByteRange
from ..archives.refusals import refusal
from ..archives.signatures import HEAD_BYTES, kind_of, looks_like_page
from ..archives.tree import Tree

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
_DATA_SUFFIXES = (
    "",
    ".pkl",
    ".pickle",
    ".p",
    ".h5",
    ".hdf5",
    ".hdf",
    ".npz",
    ".csv",
    ".txt",
)
_KINDS_BY_BYTES = {"HDF5": "groups", "zip": "npz", "pickle": "pickle"}
_KINDS_BY_SUFFIX = {
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".csv": "csv",
    ".txt": "text",
}
_MOST_TEXT_BYTES = 2**22


@dataclass(frozen=True)
class SourceFile:
    """A file in a source that is neither an image nor an archive.

    kind: "pickle", "groups" (HDF5), "npz", "csv", "text" or "unknown"
    """

    tree: Tree
    name: str
    kind: str

    @property
    def label(self) -> str:
        """The source and the name of the file, for messages."""
        return f"{self.tree.label}: {shown(self.name)}"

    @property
    def stem(self) -> str:
        """The file name without its folder and ending."""
        return PurePosixPath(self.name).stem

    def byte_range(self) -> ByteRange:
        """Return the bytes of the file, which can be read from any position."""
        return self.tree.byte_range(self.name)

    def lines(self) -> list[str]:
        """Return the lines of a text file.

        Raises DataError if the file is longer than 4 MiB or is not UTF-8 text.
        """
        data = self.byte_range()
        if len(data) > _MOST_TEXT_BYTES:
            raise refusal(
                self.label,
                "it",
                expected=f"a text file of at most {_MOST_TEXT_BYTES:,} bytes",
                got=f"{len(data):,} bytes",
            )
        try:
            return data.read_at(0, len(data)).decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise refusal(
                self.label,
                "it",
                expected="text in UTF-8",
                got=error.reason,
            ) from error


def find_file(tree: Tree, name: str) -> SourceFile:
    """Return the file with this name in a source.

    Raises DataError if a file with the ending of a data file contains a web page.
    """
    data = tree.byte_range(name)
    head = data.read_at(0, min(HEAD_BYTES, len(data)))
    if looks_like_page(head) and may_be_data(name):
        raise refusal(
            tree.label,
            shown(name),
            expected="data",
            got="a web page: the download was probably a sign-in, quota or error page",
        )
    kind = _KINDS_BY_BYTES.get(kind_of(head) or "")
    if kind is None:
        suffix = PurePosixPath(name).suffix.lower()
        kind = _KINDS_BY_SUFFIX.get(suffix, "unknown")
    return SourceFile(tree, name, kind)


def may_be_data(name: str) -> bool:
    """Return whether a file name has an ending of data files, or no ending."""
    return PurePosixPath(name).suffix.lower() in _DATA_SUFFIXES

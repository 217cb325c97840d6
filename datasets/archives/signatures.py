"""What a file is, told from its first bytes."""

from pathlib import Path

from .limits import Limits
from .unpacking import SourceFile
from .zips import describe_zip

HEAD_BYTES = 512
# (where, which bytes, what): a tar comes first, as it starts with a name that may be anything.
_MARKS = (
    (257, b"ustar", "tar"),
    (0, b"PK", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x89HDF", "HDF5"),
    (0, b"\x93NUMPY", "NumPy .npy"),
    *((0, bytes([0x80, protocol]), "pickle") for protocol in range(2, 6)),
)


def kind_of(head: bytes) -> str | None:
    """'tar', 'zip', 'gzip', 'bzip2', 'xz', 'HDF5', 'NumPy .npy', 'pickle', or None."""
    for start, mark, kind in _MARKS:
        if head.startswith(mark, start):
            return kind
    return None


def describe_content(path: Path, limits: Limits | None = None) -> str:
    """What a file is, in words for a message. Raises OSError when it cannot be read."""
    with SourceFile(path) as file:
        head = file.read(HEAD_BYTES)
        if kind_of(head) == "zip":
            return describe_zip(file, limits or Limits())
    return describe_head(head)


def describe_head(head: bytes) -> str:
    """What the first bytes of a file say that it is."""
    if not head:
        return "an empty file"
    if looks_like_page(head):
        return (
            "a web page in place of the archive: "
            "the download was probably a sign-in, quota or error page"
        )
    kind = kind_of(head)
    if kind is None:
        return f"a file that starts with {head[:16]!r}"
    return f"a{'n' if kind in ('xz', 'HDF5') else ''} {kind} file"


def looks_like_page(head: bytes) -> bool:
    """Whether these first bytes of a file belong to a web page (HTML or XML)."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")

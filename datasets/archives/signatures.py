"""What a file is, told from its first bytes."""

from pathlib import Path

from .byte_ranges import SharedFile
from .limits import Limits
from .zip_directory import describe_zip

HEAD_BYTES = 512
# (place, bytes, kind). The tar comes first: it starts with a file name, which may look
# like any other mark.
_MARKS = (
    (257, b"ustar", "tar"),
    (0, b"PK", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x89HDF", "HDF5"),
    (0, b"\x93NUMPY", "NumPy .npy"),
    (0, b"\x80\x02", "pickle"),
    (0, b"\x80\x03", "pickle"),
    (0, b"\x80\x04", "pickle"),
    (0, b"\x80\x05", "pickle"),
)


def kind_of(head: bytes) -> str | None:
    """'tar', 'zip', 'gzip', 'bzip2', 'xz', 'HDF5', 'NumPy .npy', 'pickle', or None.

    head: the first HEAD_BYTES of the file
    """
    for start, mark, kind in _MARKS:
        if head.startswith(mark, start):
            return kind
    return None


def describe_content(path: Path, limits: Limits | None = None) -> str:
    """What a file is, in words for a message. Raises OSError when it cannot be read."""
    with SharedFile(path) as file:
        head = file.read(HEAD_BYTES)
        if kind_of(head) == "zip":
            return describe_zip(file, limits or Limits())
    return describe_head(head)


def describe_head(head: bytes) -> str:
    """What a file is by its first bytes, in words for a message."""
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
    article = "an" if kind in ("xz", "HDF5") else "a"
    return f"{article} {kind} file"


def looks_like_page(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a web page (HTML or XML)."""
    without_mark = head.removeprefix(b"\xef\xbb\xbf")  # the byte order mark of UTF-8
    return without_mark.lstrip().startswith(b"<")

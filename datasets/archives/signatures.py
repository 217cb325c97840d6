"""Recognise the kind of a file by its first bytes."""

import re
from pathlib import Path

from .byte_ranges import SharedFile
from .limits import Limits
from .zip_directory import describe_zip

HEAD_BYTES = 512
_JSON_OBJECT = re.compile(rb"(\xef\xbb\xbf)?\s*\{\s*[\"}]")
_UNPRINTABLE = re.compile(rb"[^ -~]")
# (position, bytes, kind). The tar comes first, since a tar starts with a file name,
# which may look like the mark of any other kind.
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
    """Return the kind of a file, or None if it is not recognised.

    The kinds are 'tar', 'zip', 'gzip', 'bzip2', 'xz', 'HDF5', 'NumPy .npy' and
    'pickle'.
    head: the first HEAD_BYTES of the file
    """
    for start, mark, kind in _MARKS:
        if head.startswith(mark, start):
            return kind
    return None


def describe_content(path: Path, limits: Limits | None = None) -> str:
    """Describe the kind of a file, in words for an error message.

    Raises OSError if the file cannot be read.
    """
    with SharedFile(path) as file:
        head = file.read(HEAD_BYTES)
        if kind_of(head) == "zip":
            return describe_zip(file, limits or Limits())
    return describe_head(head)


def describe_head(head: bytes) -> str:
    """Describe the kind of a file by its first bytes, in words for an error message."""
    if not head:
        return "an empty file"
    if looks_like_page(head):
        return (
            "a web page in place of the archive: "
            "the download was probably a sign-in, quota or error page"
        )
    kind = kind_of(head)
    if kind is None:
        return f"a file that starts with {start_text(head)}"
    article = "an" if kind in ("xz", "HDF5") else "a"
    return f"{article} {kind} file"


def start_text(data: bytes) -> str:
    """Return the first bytes of a file in words: as text, or else as hexadecimal numbers."""
    start = data[:16].rstrip()
    letters = [chr(byte) for byte in start if 32 <= byte < 127]
    if 2 * len(letters) < len(start):
        return f"the bytes {data[:8].hex(' ')}"
    shown = _UNPRINTABLE.sub(b".", start).decode("ascii")
    return f'"{shown}"'


def looks_like_answer(head: bytes) -> bool:
    """Return whether a file starts like a web page or a JSON object.

    Servers answer so in place of a file. No published file of a dataset starts like it.
    """
    return looks_like_page(head) or _JSON_OBJECT.match(head) is not None


def looks_like_page(head: bytes) -> bool:
    """Return whether a file starts like a web page (HTML or XML)."""
    without_mark = head.removeprefix(b"\xef\xbb\xbf")  # the byte order mark of UTF-8
    return without_mark.lstrip().startswith(b"<")

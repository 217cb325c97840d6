"""Tars made byte by byte: tarfile would refuse to write most of what the tests need."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.tree import Tree, open_tree
from fewbench.datasets.info import DataError

FILES = {
    "train/n01/a.JPEG": b"first",
    "train/n01/b.JPEG": bytes(range(256)) * 5,
    "empty": b"",
}
LONG = {f"{'folder/' * 40}{i}.JPEG": bytes([i]) * i for i in range(3)}
END = bytes(1024)
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def pack(files: dict[str, bytes], layout: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar as tarfile writes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def header(
    name: bytes = b"a.png",
    size: bytes = b"00000000004\0",
    kind: bytes = b"0",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
) -> bytes:
    """One header with a right checksum, whatever the fields hold."""
    start = struct.pack("100s8s8s8s12s12s", name, b"644", b"0", b"0", size, b"0")
    end = struct.pack(
        "c100s8s32s32s8s8s155s12x", kind, b"link", magic, b"", b"", b"", b"", prefix
    )
    return start + b"%06o\0 " % (sum(start + end) + 8 * 32) + end


def member(data: bytes = b"data", **fields: bytes) -> bytes:
    """A header and its data. The header states their size unless `size` is given."""
    return (
        header(**{"size": b"%011o\0" % len(data), **fields})
        + data
        + bytes(-len(data) % 512)
    )


def pax(kind: bytes = b"x", **records: str) -> bytes:
    """A pax extension; `_` in a key stands for a dot."""
    data = b""
    for key, value in records.items():
        record = f" {key.replace('_', '.')}={value}\n".encode()
        length = len(record) + 1
        length += len(str(length + len(str(length)) - 1)) - 1
        data += b"%d" % length + record
    return member(data, kind=kind, name=b"pax")


def opened(folder: Path, content: bytes, limits: Limits | None = None) -> Tree:
    path = folder / "images"
    path.write_bytes(content)
    return open_tree(path, limits)


def contents(tree: Tree) -> dict[str, bytes]:
    return {name: tree.read(name) for name in tree.names()}


@contextmanager
def refused(words: str) -> Iterator[None]:
    """Check that the block raises a DataError with these words and an advice."""
    with pytest.raises(DataError, match=words) as caught:
        yield
    advice = ("Download it again.", "Give a source without this file.")
    assert str(caught.value).endswith(advice)

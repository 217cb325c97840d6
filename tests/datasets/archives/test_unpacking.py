"""Compressed data: bounded, in one stream or several, and refused when damaged."""

import gzip
import lzma
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from fewbench.datasets.archives.byte_ranges import ByteRange
from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.unpacking import Inflater, pieces, stream
from fewbench_tests.raw_tars import (
    END,
    FILES,
    PACK,
    contents,
    member,
    opened,
    pack,
    refused,
)

SPOOL = """
import resource, sys
from pathlib import Path
from fewbench.datasets.archives.tree import open_tree

def peak():
    status = Path("/proc/self/status")  # on Linux, getrusage counts what the parent once had
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

path, scratch, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
before = peak()
byte_range = open_tree(path, scratch=scratch).byte_range(name)
print(len(byte_range), byte_range.read_at(len(byte_range) - 3, 3) == b"end", peak() - before)
"""


def write_large(kind: str, path: Path) -> int:
    """A member `large` of 200 MB that packs well, but not as well as a bomb."""
    block, end = random.Random(0).randbytes(8192) + bytes(2**20 - 8192), b"end"
    size = 200 * len(block) + len(end)
    if kind == "zip":
        with (
            zipfile.ZipFile(
                path, "w", zipfile.ZIP_DEFLATED, compresslevel=1
            ) as archive,
            archive.open("large", "w") as file,
        ):
            file.writelines([block] * 200 + [end])
    else:
        with gzip.open(path, "wb", compresslevel=1) as file:
            member = tarfile.TarInfo("large")
            member.size = size
            file.write(member.tobuf())
            file.writelines([block] * 200 + [end, bytes(-size % 512 + 1024)])
    return size


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_unpacking_needs_little_memory(tmp_path: Path, kind: str) -> None:
    size = write_large(kind, tmp_path / "source")
    (tmp_path / "scratch").mkdir()
    arguments = [tmp_path / "source", tmp_path / "scratch", "large"]
    run = subprocess.run(
        [sys.executable, "-c", SPOOL, *arguments], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    length, is_whole, growth = run.stdout.split()
    assert (int(length), is_whole) == (size, "True")
    assert int(growth) < 16 * 2**20
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("kind", PACK)
def test_several_streams_and_zeros_behind(tmp_path: Path, kind: str) -> None:
    content = pack(FILES)
    parts = [content[i : i + 700] for i in range(0, len(content), 700)]
    packed = b"".join(map(PACK[kind], [*parts, b""]))
    assert contents(opened(tmp_path, packed)) == FILES
    assert contents(opened(tmp_path, packed + bytes(100_000))) == FILES
    for junk in (b"junk", bytes(70_000) + b"junk"):
        with refused(
            f"an intact {'gzip' if kind == 'gz' else 'bzip2' if kind == 'bz2' else 'xz'}"
        ):
            opened(tmp_path, packed + junk)


@pytest.mark.parametrize("kind", PACK)
def test_bomb(tmp_path: Path, kind: str) -> None:
    zeros = member(bytes(64 * 2**20))
    with refused("at most 200 times the packed .* bomb"):
        opened(tmp_path, PACK[kind](zeros + END))


def test_more_than_the_disk_should_hold(tmp_path: Path) -> None:
    with refused("at most 9,000 bytes"):
        opened(tmp_path, gzip.compress(pack(FILES)), Limits(disk_bytes=9000))


def test_dictionary_that_would_fill_memory(tmp_path: Path) -> None:
    packed = bytearray(lzma.compress(pack(FILES), check=lzma.CHECK_CRC32))
    size = (
        packed[12] + 1
    ) * 4  # of the block header: flags, filter, its dictionary, CRC32
    assert packed[14:16] == b"\x21\x01"
    packed[16] = 39  # 3 GiB
    packed[12 + size - 4 : 12 + size] = struct.pack(
        "<I", zlib.crc32(packed[12 : 12 + size - 4])
    )
    with refused("an intact xz file, got Memory usage limit exceeded"):
        opened(tmp_path, bytes(packed))


@pytest.mark.parametrize("kind", PACK)
def test_packed_file_that_is_no_tar(tmp_path: Path, kind: str) -> None:
    with refused("expected a tar file, got a pickle file"):
        opened(tmp_path, PACK[kind](b"\x80\x02]q\x00."))
    with refused("expected a tar file, got an empty file"):
        opened(tmp_path, PACK[kind](b""))


def test_many_empty_streams_take_no_long_time(tmp_path: Path) -> None:
    started = time.perf_counter()
    packed = gzip.compress(b"") * 50_000 + gzip.compress(pack(FILES))
    assert contents(opened(tmp_path, packed)) == FILES
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_stream_that_is_cut_off(cut: int) -> None:
    data = random.Random(0).randbytes(1000)
    packed = zlib.compress(data)
    source = iter([packed[100:200], packed[200 : len(packed) - cut]])

    chunks = stream(Inflater(zlib.MAX_WBITS), packed[:100], source)
    if cut:
        with pytest.raises(EOFError, match="too early"):
            list(chunks)
    else:
        assert b"".join(chunks) == data


def test_an_inflater_keeps_what_a_bounded_call_left_over() -> None:
    inflater = Inflater(zlib.MAX_WBITS)
    packed = zlib.compress(bytes(1000))

    assert inflater.decompress(packed + b"rest", 10) == bytes(10)
    assert not inflater.needs_input
    assert inflater.decompress(b"", 2000) == bytes(990)
    assert inflater.eof
    assert inflater.unused_data == b"rest"


def test_pieces_are_all_the_bytes_in_order() -> None:
    data = random.Random(0).randbytes(150_000)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        parts = list(pieces(ByteRange(file, 0, len(data), "file")))

    assert b"".join(parts) == data
    assert max(map(len, parts)) == 2**16

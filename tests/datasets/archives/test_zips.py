"""Zips: unsafe ones are refused, and no damage shows wrong bytes."""

import random
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError
from fewbench_tests.small_archives import FILES, patch_directory, write_zip


def write_member(path: Path, **attributes: object) -> Path:
    """A zip of one member whose record has the given attributes."""
    member = zipfile.ZipInfo("member.png")
    for key, value in attributes.items():
        setattr(member, key, value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, b"data")
    return path


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up.png",
        "a/../../up.png",
        "a/./b",
        "a//b",
        "a\\..\\b",
        "C:/x",
        "\\\\host\\x",
    ],
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "bad.zip", {"good.png": b"", name: b"x"})
    with pytest.raises(DataError, match="could lead outside") as caught:
        open_tree(path)
    assert repr(name) in str(caught.value)
    assert str(path) in str(caught.value)


def test_name_with_a_null_byte(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", {"aXb.png": b"x"})
    path.write_bytes(path.read_bytes().replace(b"aXb.png", b"a\0b.png"))
    with pytest.raises(DataError, match="could lead outside"):
        open_tree(path)


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO]
)
def test_links_and_devices(tmp_path: Path, kind: int) -> None:
    path = write_member(tmp_path / "bad.zip", external_attr=(kind | 0o644) << 16)
    with pytest.raises(DataError, match="a link or a device"):
        open_tree(path)


def test_duplicate_names(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", {"a.png": b"1", "b.png": b"2"})
    path.write_bytes(path.read_bytes().replace(b"b.png", b"a.png"))
    with pytest.raises(DataError, match="same name twice"):
        open_tree(path)


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_encrypted_member(tmp_path: Path, flag: int) -> None:
    path = patch_directory(write_zip(tmp_path / "bad.zip", FILES), 8, "<H", flag)
    with pytest.raises(DataError, match="encrypted"):
        open_tree(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_whose_output_cannot_be_bounded(tmp_path: Path, method: int) -> None:
    path = write_zip(tmp_path / "bad.zip", FILES, method)
    with pytest.raises(DataError, match="stored or deflated"):
        open_tree(path)


def test_bomb_by_ratio(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bomb.zip", {"zeros": bytes(8 * 2**20)})
    with pytest.raises(DataError, match="bomb"):
        open_tree(path)


def test_bomb_of_overlapping_members(tmp_path: Path) -> None:
    packed = zlib.compress(bytes(2**20), 9, -15)
    path = write_zip(tmp_path / "bomb.zip", {"a": packed}, zipfile.ZIP_STORED)
    head, tail = path.read_bytes().split(b"PK\x01\x02")
    record = b"PK\x01\x02" + tail[: tail.index(b"PK\x05\x06")]
    records = b"".join(record[:-1] + bytes([65 + i]) for i in range(50))
    sizes = struct.pack(
        "<II", 2**20, 2**20
    )  # each claims to be stored: no ratio of its own
    records = b"".join(
        records[i : i + 20] + sizes + records[i + 28 : i + len(record)]
        for i in range(0, len(records), len(record))
    )
    end = struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, 50, 50, len(records), len(head), 0
    )
    path.write_bytes(head + records + end)
    with pytest.raises(DataError, match=r"cannot read it.*bomb"):
        open_tree(path)


def test_member_that_holds_more_than_it_declares(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bomb.zip", {"zeros": bytes(32 * 2**20)})
    patch_directory(path, 16, "<I", zlib.crc32(b"\0" * 100))
    patch_directory(path, 24, "<I", 100)
    tracemalloc.start()
    with open_tree(path) as tree:
        assert (
            tree.read("zeros") == b"\0" * 100
        )  # what was declared, and no more was inflated
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_member_that_holds_less_than_it_declares(tmp_path: Path) -> None:
    path = patch_directory(write_zip(tmp_path / "bad.zip", {"a": b"abc"}), 24, "<I", 9)
    with open_tree(path) as tree, pytest.raises(DataError, match="'a'"):
        tree.read("a")


def test_wrong_crc(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", {"a": b"precious data"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"precious", b"previous"))
    with open_tree(path) as tree:
        for ask in (tree.read, tree.byte_range, tree.nested):
            with pytest.raises(DataError, match=r"'a'.*CRC"):
                ask("a")


def read_all(path: Path) -> None:
    """Whatever comes out under a name is what went in under it."""
    with open_tree(path) as tree:
        for name in tree.names():
            with suppress(DataError):
                assert tree.read(name) == FILES[name]
            with suppress(DataError):
                assert tree.byte_range(name).open().read() == FILES[name]


def survives(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    started = time.perf_counter()
    with suppress(DataError):
        read_all(path)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_truncation(tmp_path: Path, method: int) -> None:
    content = write_zip(tmp_path / "good.zip", FILES, method).read_bytes()
    for length in range(0, len(content), 2 if method == zipfile.ZIP_DEFLATED else 9):
        survives(tmp_path / "cut.zip", content[:length])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_flipped_bits(tmp_path: Path, method: int) -> None:
    content = write_zip(tmp_path / "good.zip", FILES, method).read_bytes()
    draw = random.Random(method)
    for trial in range(300):
        damaged = bytearray(content)
        for _ in range(1 if trial % 2 else 4):
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        survives(tmp_path / "flipped.zip", bytes(damaged))


def test_backslashes_of_windows_separate_folders(tmp_path: Path) -> None:
    files = {"train\\": b"", "train\\a.png": b"a", "train\\in\\b.png": b"b"}
    path = tmp_path / "windows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            archive.writestr(entry, data)
    with open_tree(path) as tree:
        assert tree.names() == ["train/a.png", "train/in/b.png"]
        assert tree.read("train/in/b.png") == b"b"

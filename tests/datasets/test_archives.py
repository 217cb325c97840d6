"""open_tree shows the same files whatever holds them, and refuses what could do harm."""

import gc
import hashlib
import os
import random
import stat
import struct
import time
import tracemalloc
import warnings
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from fewbench.datasets.archives import (
    Limits,
    describe_content,
    file_digest,
    looks_like_page,
    open_tree,
)
from fewbench.datasets.info import DataError

FILES = {
    "set/Greek/character01/0001_01.png": b"first",
    "set/Greek/character01/0001_02.png": bytes(range(256)) * 8,
    "set/Latin/character02/0002_01.png": b"",
    "readme.txt": b"read me " * 50,
}
CLUTTER = {"__MACOSX/set/._0001_01.png": b"x", "set/.DS_Store": b"y", ".git/config": b"z"}
NEXT = "fewbench data build NAME --source DIR"


def write_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return path


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_member(path: Path, **attributes: object) -> Path:
    """A zip of one member whose record has the given attributes."""
    member = zipfile.ZipInfo("member.png")
    for key, value in attributes.items():
        setattr(member, key, value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, b"data")
    return path


def patch_directory(path: Path, offset: int, layout: str, *values: int) -> Path:
    """Overwrite fields of the first central directory record."""
    data = bytearray(path.read_bytes())
    struct.pack_into(layout, data, data.index(b"PK\x01\x02") + offset, *values)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", ["folder", "stored", "deflated"])
def test_same_names_and_bytes_from_every_form(tmp_path: Path, kind: str) -> None:
    files = FILES | CLUTTER
    if kind == "folder":
        path = write_folder(tmp_path / "source", files)
    else:
        method = zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
        path = write_zip(tmp_path / "source.zip", {"set/": b"", **files}, method)
    with open_tree(path) as tree:
        assert tree.names() == sorted(FILES)
        assert {name: tree.read(name) for name in tree.names()} == FILES
        assert tree.label == str(path)


def test_unknown_name_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "source", FILES)
    (tmp_path / "secret").write_bytes(b"secret")
    for path in (folder, write_zip(tmp_path / "source.zip", FILES)):
        with open_tree(path) as tree:
            for name in ("nothing.png", "../secret", str(tmp_path / "secret"), "set"):
                with pytest.raises(DataError, match=NEXT):
                    tree.read(name)


def test_closed_zip_says_so(tmp_path: Path) -> None:
    tree = open_tree(write_zip(tmp_path / "source.zip", FILES))
    tree.close()
    with pytest.raises(DataError, match="closed"):
        tree.read("readme.txt")


def test_forgotten_zip_is_closed_quietly(tmp_path: Path) -> None:
    tree = open_tree(write_zip(tmp_path / "source.zip", FILES))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del tree
        gc.collect()
    assert not [w for w in caught if w.category is ResourceWarning]


# Folders


def test_links_inside_are_read_and_links_outside_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "source", FILES)
    (folder / "copy.txt").symlink_to(folder / "readme.txt")
    with open_tree(folder) as tree:
        assert tree.read("copy.txt") == FILES["readme.txt"]
    (tmp_path / "source-secret").write_bytes(b"secret")
    (folder / "leak.txt").symlink_to(tmp_path / "source-secret")
    with pytest.raises(DataError, match=r"'leak.txt'.*leads outside"):
        open_tree(folder)


def test_the_source_itself_may_be_a_link(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "real", FILES)
    (folder / "copy.txt").symlink_to("readme.txt")
    (tmp_path / "source").symlink_to(folder)
    with open_tree(tmp_path / "source") as tree:
        assert tree.names() == sorted([*FILES, "copy.txt"])


@pytest.mark.parametrize("kind", ["loop", "broken", "self", "pipe"])
def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path, kind: str) -> None:
    folder = write_folder(tmp_path / "source", FILES)
    odd = folder / "odd"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to({"loop": folder, "broken": folder / "gone", "self": odd}[kind])
    with pytest.raises(DataError, match=str(folder)):
        open_tree(folder)


def test_file_that_vanishes_after_listing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "source", FILES)
    tree = open_tree(folder)
    (folder / "readme.txt").unlink()
    with pytest.raises(DataError, match=r"'readme.txt'.*No such file"):
        tree.read("readme.txt")


# Zips that could do harm


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
    with pytest.raises(DataError, match="could lead elsewhere") as caught:
        open_tree(path)
    assert repr(name) in str(caught.value)
    assert str(path) in str(caught.value)


def test_name_with_a_null_byte(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", {"aXb.png": b"x"})
    path.write_bytes(path.read_bytes().replace(b"aXb.png", b"a\0b.png"))
    with pytest.raises(DataError, match="could lead elsewhere"):
        open_tree(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO])
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


def test_too_many_members(tmp_path: Path) -> None:
    archive, folder = write_zip(tmp_path / "a.zip", FILES), write_folder(tmp_path / "a", FILES)
    for path in (archive, folder):
        with pytest.raises(DataError, match="at most 3 files, got 4 or more"):
            open_tree(path, Limits(members=3))
        open_tree(path, Limits(members=4)).close()


def test_huge_directory_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", {f"{i:0200d}": b"" for i in range(60)})
    with pytest.raises(DataError, match="damaged zip"):
        open_tree(path, Limits(members=10, member_bytes=1000))


def test_member_above_the_bound(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", FILES)
    with pytest.raises(DataError, match="at most 1,000 bytes, got 2,048"):
        open_tree(path, Limits(member_bytes=1000))
    with (
        open_tree(write_folder(tmp_path / "folder", FILES), Limits(member_bytes=1000)) as tree,
        pytest.raises(DataError, match="at most 1,000 bytes, got 2,048"),
    ):
        tree.read("set/Greek/character01/0001_02.png")


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
    sizes = struct.pack("<II", 2**20, 2**20)  # each claims to be stored: no ratio of its own
    records = b"".join(
        records[i : i + 20] + sizes + records[i + 28 : i + len(record)]
        for i in range(0, len(records), len(record))
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 50, 50, len(records), len(head), 0)
    path.write_bytes(head + records + end)
    with pytest.raises(DataError, match=r"cannot read any of it.*bomb"):
        open_tree(path)


def test_member_that_holds_more_than_it_declares(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bomb.zip", {"zeros": bytes(32 * 2**20)})
    patch_directory(path, 16, "<I", zlib.crc32(b"\0" * 100))
    patch_directory(path, 24, "<I", 100)
    tracemalloc.start()
    with open_tree(path) as tree:
        assert tree.read("zeros") == b"\0" * 100  # what was declared, and no more was inflated
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
    with open_tree(path) as tree, pytest.raises(DataError, match=r"'a'.*CRC"):
        tree.read("a")


# What is no archive


@pytest.mark.parametrize(
    ("content", "diagnosis"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>Sign in</html>", "a web page in place of the archive"),
        (b"\xef\xbb\xbf\r\n <html>Quota exceeded</html>", "a web page in place of the archive"),
        (b"\x1f\x8b\x08gzip", r"a file that starts with b'\\x1f\\x8b\\x08gzip'"),
        (b"PK\x03\x04 and little more", "truncated zip"),
    ],
)
def test_a_file_that_is_no_zip_is_diagnosed(tmp_path: Path, content: bytes, diagnosis: str) -> None:
    path = tmp_path / "images.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=diagnosis) as caught:
        open_tree(path)
    assert str(path) in str(caught.value)
    assert "expected a zip file" in str(caught.value)
    assert NEXT in str(caught.value)


def test_truncated_zip(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "images.zip", FILES)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="truncated zip file: its end is missing"):
        open_tree(path)


def test_missing_path_names_the_nearest_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"got nothing \(the nearest.* is {tmp_path}\)"):
        open_tree(tmp_path / "no" / "such" / "images.zip")


def test_pipe_in_place_of_the_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "images.zip")
    with pytest.raises(DataError, match="a device or a pipe"):
        open_tree(tmp_path / "images.zip")


def test_page_recognition() -> None:
    assert looks_like_page(b"\n<?xml version='1.0'?><Error>AccessDenied</Error>")
    assert not looks_like_page(b"PK\x03\x04<html>")


def test_whole_zip_with_a_damaged_directory_is_called_damaged(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "images.zip", FILES)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))
    assert describe_content(path) == "a damaged zip file"


def test_file_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert file_digest(path, "md5") == hashlib.md5(b"content").hexdigest()
    assert file_digest(path, "sha256") == hashlib.sha256(b"content").hexdigest()
    with pytest.raises(DataError, match="cannot compute its md5"):
        file_digest(tmp_path / "none", "md5")


# Damage at every place


def read_all(path: Path) -> None:
    """Whatever comes out under a name is what went in under it."""
    with open_tree(path) as tree:
        for name in tree.names():
            with suppress(DataError):
                assert tree.read(name) == FILES[name]


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

"""open_tree shows the same files whatever holds them, and refuses what could do harm."""

import bz2
import gc
import gzip
import hashlib
import io
import lzma
import os
import pickle
import random
import stat
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.signatures import describe_content, looks_like_page
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.files import file_digest
from fewbench.datasets.info import DataError

FILES = {
    "set/Greek/character01/0001_01.png": b"first",
    "set/Greek/character01/0001_02.png": bytes(range(256)) * 8,
    "set/Latin/character02/0002_01.png": b"",
    "readme.txt": b"read me " * 50,
}
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}
KINDS = ["folder", *METHODS, "tar", "tar.gz", "tar.bz2", "tar.xz"]
CLUTTER = {
    "__MACOSX/set/._0001_01.png": b"x",
    "set/.DS_Store": b"y",
    ".git/config": b"z",
}
NEXT = "fewbench data build NAME --source DIR"


def write_zip(
    path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED
) -> Path:
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


def write_tar(path: Path, files: dict[str, bytes], packing: str = "") -> Path:
    with tarfile.open(path, f"w:{packing}") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write(kind: str, path: Path, files: dict[str, bytes]) -> Path:
    """A source of one of KINDS; no ending of its name tells which."""
    if kind == "folder":
        return write_folder(path, files)
    if kind in METHODS:
        return write_zip(path, files, METHODS[kind])
    return write_tar(path, files, kind.partition(".")[2])


# Whatever holds the files


@pytest.mark.parametrize("kind", KINDS)
def test_same_names_and_bytes_from_every_form(tmp_path: Path, kind: str) -> None:
    with open_tree(write(kind, tmp_path / "source", FILES | CLUTTER)) as tree:
        assert tree.names() == sorted(FILES)
        assert {name: tree.read(name) for name in tree.names()} == FILES
        assert {name: tree.size(name) for name in tree.names()} == {
            name: len(data) for name, data in FILES.items()
        }
        assert tree.label == str(tmp_path / "source")


def test_folders_in_archives_are_no_files(tmp_path: Path) -> None:
    with open_tree(write_zip(tmp_path / "a.zip", {"set/": b"", **FILES})) as tree:
        assert tree.names() == sorted(FILES)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(
            write_folder(tmp_path / "a", FILES), "."
        )  # as `tar -C a -cf a.tar .`
    with open_tree(tmp_path / "a.tar") as tree:
        assert tree.names() == sorted(FILES)


@pytest.mark.parametrize("kind", KINDS)
def test_span_shows_what_read_returns(tmp_path: Path, kind: str) -> None:
    (tmp_path / "scratch").mkdir()
    with open_tree(
        write(kind, tmp_path / "source", FILES), scratch=tmp_path / "scratch"
    ) as tree:
        spans = {name: tree.span(name) for name in tree.names()}
        assert list((tmp_path / "scratch").iterdir()) == []
    for name, span in spans.items():  # they outlive the tree
        assert span.open().read() == FILES[name]
        assert name in span.label
        assert span.label.startswith(str(tmp_path / "source"))
    assert spans["set/Greek/character01/0001_02.png"].read_at(300, 3) == bytes(
        [44, 45, 46]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_many_threads_read_at_once(tmp_path: Path, kind: str) -> None:
    draw = random.Random(0)
    files = {f"{i}.png": draw.randbytes(20_000) + bytes(20_000) for i in range(24)}
    with (
        open_tree(write(kind, tmp_path / "source", files)) as tree,
        ThreadPoolExecutor(8) as threads,
    ):
        wanted = [draw.choice(tree.names()) for _ in range(400)]
        assert list(threads.map(tree.read, wanted)) == [files[name] for name in wanted]


@pytest.mark.parametrize("kind", KINDS)
def test_stamp_changes_with_the_source(tmp_path: Path, kind: str) -> None:
    path = write(kind, tmp_path / "source", FILES)
    stamp = open_tree(path).stamp()
    assert open_tree(path).stamp() == stamp
    changed = path / "readme.txt" if path.is_dir() else path
    status = changed.stat()
    os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    later = open_tree(path).stamp()
    assert later != stamp
    if path.is_dir():
        (path / "readme.txt").rename(path / "README.txt")
        assert open_tree(path).stamp() not in (stamp, later)


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_name_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    with open_tree(write(kind, tmp_path / "source", FILES)) as tree:
        for name in ("nothing.png", "../secret", str(tmp_path / "secret"), "set", ""):
            for ask in (tree.read, tree.size, tree.span, tree.nested):
                with pytest.raises(DataError, match=NEXT):
                    ask(name)


@pytest.mark.parametrize("kind", KINDS)
def test_closed_source_says_so(tmp_path: Path, kind: str) -> None:
    tree = open_tree(write(kind, tmp_path / "source", FILES))
    tree.close()
    with pytest.raises(DataError, match="closed"):
        tree.read("readme.txt")


@pytest.mark.parametrize("kind", KINDS)
def test_forgotten_source_is_closed_quietly(tmp_path: Path, kind: str) -> None:
    path = write(kind, tmp_path / "source", FILES)
    open_files = len(os.listdir("/dev/fd"))
    tree = open_tree(path)
    span = tree.span("readme.txt")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del tree, span
        gc.collect()
    assert not [w for w in caught if w.category is ResourceWarning]
    assert len(os.listdir("/dev/fd")) == open_files


@pytest.mark.parametrize("kind", KINDS)
def test_member_above_the_bound_of_read_is_a_span(tmp_path: Path, kind: str) -> None:
    name = "set/Greek/character01/0001_02.png"
    with open_tree(
        write(kind, tmp_path / "source", FILES), Limits(member_bytes=1000)
    ) as tree:
        assert tree.read("set/Greek/character01/0001_01.png") == b"first"
        with pytest.raises(DataError, match=f"{name}.*at most 1,000 bytes, got 2,048"):
            tree.read(name)
        assert tree.span(name).open().read() == FILES[name]


@pytest.mark.parametrize("kind", ["folder", "stored", "deflated", "tar"])
def test_member_above_the_bound_of_span(tmp_path: Path, kind: str) -> None:
    name = "set/Greek/character01/0001_02.png"
    with (
        open_tree(
            write(kind, tmp_path / "source", FILES), Limits(span_bytes=1000)
        ) as tree,
        pytest.raises(DataError, match=f"{name}.*at most 1,000 bytes, got 2,048"),
    ):
        tree.span(name)


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_members(tmp_path: Path, kind: str) -> None:
    path = write(kind, tmp_path / "source", FILES)
    with pytest.raises(DataError, match="at most 3 files, got 4 or more"):
        open_tree(path, Limits(members=3))
    open_tree(path, Limits(members=4)).close()


# What is written to disk


SPOOL = """
import resource, sys
from pathlib import Path
from fewbench.datasets.archives import open_tree

def peak():
    status = Path("/proc/self/status")  # on Linux, getrusage counts what the parent once had
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

path, scratch, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
before = peak()
span = open_tree(path, scratch=scratch).span(name)
print(len(span), span.read_at(len(span) - 3, 3) == b"end", peak() - before)
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


FULL = """
import resource, sys
from pathlib import Path
from fewbench.datasets.archives import open_tree
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
open_tree(Path(sys.argv[1]), scratch=Path(sys.argv[2])).span("noise")
"""


@pytest.mark.parametrize("kind", ["deflated", "tar.gz"])
def test_no_room_to_unpack(tmp_path: Path, kind: str) -> None:
    path = write(
        kind, tmp_path / "source", {"noise": random.Random(0).randbytes(500_000)}
    )
    run = subprocess.run(
        [sys.executable, "-c", FULL, path, tmp_path], capture_output=True
    )
    error = run.stderr.decode().splitlines()[-1]
    assert f"expected room in {tmp_path}, got: File too large" in error
    assert "info.DataError" in error
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DataError, match="expected room in .*/gone, got: No such file"):
        open_tree(path, scratch=tmp_path / "gone").span("noise")


# Tars within


@pytest.mark.parametrize("kind", KINDS)
def test_nested_tar_is_read_where_it_lies(tmp_path: Path, kind: str) -> None:
    inner = write_tar(tmp_path / "inner", FILES | CLUTTER).read_bytes()
    path = write(kind, tmp_path / "source", {"train/n01.tar": inner, "other": b"data"})
    with open_tree(path) as tree:
        nested = tree.nested("train/n01.tar")
        assert nested.stamp() == tree.nested("train/n01.tar").stamp()
    assert nested.names() == sorted(FILES)  # it outlives the outer tree
    assert {name: nested.read(name) for name in nested.names()} == FILES
    assert {name: nested.span(name).open().read() for name in nested.names()} == FILES
    assert str(path) in nested.label
    assert "train/n01.tar" in nested.label


@pytest.mark.parametrize("kind", KINDS)
def test_nested_source_that_is_damaged_or_no_tar(tmp_path: Path, kind: str) -> None:
    inner = write_tar(tmp_path / "inner", FILES).read_bytes()
    files = {"cut.tar": inner[:2000], "list.pkl": b"\x80\x02]q\x00.", "empty.tar": b""}
    files["packed.tar"] = write_tar(tmp_path / "packed", FILES, "gz").read_bytes()
    files["outer.tar"] = write_tar(
        tmp_path / "outer", {"inner.tar": inner}
    ).read_bytes()
    with open_tree(write(kind, tmp_path / "source", files)) as tree:
        refused = partial(pytest.raises, DataError)
        with refused(match=f"{tree.label}.*cut.tar.*the archive is truncated"):
            tree.nested("cut.tar")
        with refused(
            match=f"{tree.label}.*list.pkl.*expected a tar file, got a pickle file"
        ):
            tree.nested("list.pkl")
        with refused(match="empty.tar.*an empty file"):
            tree.nested("empty.tar")
        with refused(match="packed.tar.*expected a tar file, got a gzip file"):
            tree.nested("packed.tar")
        with refused(match="outer.tar.*inner.tar.*at most a tar within an archive"):
            tree.nested("outer.tar").nested("inner.tar")


def test_a_folder_of_tars_keeps_no_file_open(tmp_path: Path) -> None:
    inner = write_tar(tmp_path / "inner", FILES).read_bytes()
    folder = write_folder(
        tmp_path / "source", {f"n{i:02d}.tar": inner for i in range(20)}
    )
    before = len(os.listdir("/dev/fd"))
    tree = open_tree(folder)
    nested = [tree.nested(name) for name in tree.names()]
    assert all(one.read("readme.txt") == FILES["readme.txt"] for one in nested)
    assert len(os.listdir("/dev/fd")) == before


def test_tar_that_is_replaced_after_it_was_listed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "source", {})
    (tmp_path / "source").mkdir()
    nested = open_tree(write_tar(folder / "n01.tar", FILES).parent).nested("n01.tar")
    write_tar(folder / "n01.tar", {"another": bytes(20_000), **FILES})
    with pytest.raises(DataError, match="'n01.tar'.*one that was changed"):
        nested.read("readme.txt")


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


def test_huge_directory_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", {f"{i:0200d}": b"" for i in range(60)})
    with pytest.raises(DataError, match="damaged zip"):
        open_tree(path, Limits(members=10, member_bytes=1000))


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
    with pytest.raises(DataError, match=r"cannot read any of it.*bomb"):
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
        for ask in (tree.read, tree.span, tree.nested):
            with pytest.raises(DataError, match=r"'a'.*CRC"):
                ask("a")


# What is no archive


@pytest.mark.parametrize(
    ("content", "diagnosis"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>Sign in</html>", "a web page in place of the archive"),
        (
            b"\xef\xbb\xbf\r\n <html>Quota exceeded</html>",
            "a web page in place of the archive",
        ),
        (b"Rar!\x1a\x07 and more", r"a file that starts with b'Rar!\\x1a"),
        (b"\x80\x02}q\x00.", "a pickle file"),
        (b"PK\x03\x04 and little more", "truncated zip"),
    ],
)
def test_a_file_that_is_no_zip_is_diagnosed(
    tmp_path: Path, content: bytes, diagnosis: str
) -> None:
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
    with pytest.raises(
        DataError, match=rf"got nothing \(the nearest.* is {tmp_path}\)"
    ):
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


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.gz", "a gzip file"),
        ("a.bz2", "a bzip2 file"),
        ("a.xz", "an xz file"),
        ("a.tar", "a tar file"),
        ("a.zip", "a zip file"),
        ("a.npy", "a NumPy .npy file"),
        ("a.npz", "a NumPy .npz file"),
        ("a.h5", "an HDF5 file"),
        ("a.pkl", "a pickle file"),
        ("a.pkl5", "a pickle file"),
        ("a.txt", "a file that starts with b'text'"),
    ],
)
def test_content_in_words(tmp_path: Path, name: str, words: str) -> None:
    contents = {
        "a.gz": gzip.compress(b"data"),
        "a.bz2": bz2.compress(b"data"),
        "a.xz": lzma.compress(b"data"),
        "a.h5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "a.pkl": pickle.dumps([1], 2),
        "a.pkl5": pickle.dumps([1], 5),
        "a.txt": b"text",
    }
    write_tar(tmp_path / "a.tar", FILES)
    write_zip(tmp_path / "a.zip", FILES)
    np.save(tmp_path / "a.npy", np.arange(3))
    np.savez(tmp_path / "a.npz", images=np.arange(3))
    write_folder(tmp_path, contents)
    assert describe_content(tmp_path / name) == words


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
            with suppress(DataError):
                assert tree.span(name).open().read() == FILES[name]


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

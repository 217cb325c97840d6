"""open_tree shows the same files whatever holds them, and says what is no archive."""

import gc
import os
import random
import tarfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError
from fewbench_tests.small_archives import (
    CLUTTER,
    FILES,
    KINDS,
    write,
    write_folder,
    write_tar,
    write_zip,
)

ADVICE = "Download it again."


@pytest.mark.parametrize("kind", KINDS)
def test_same_names_and_bytes_from_every_kind(tmp_path: Path, kind: str) -> None:
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
def test_byte_range_shows_what_read_returns(tmp_path: Path, kind: str) -> None:
    (tmp_path / "scratch").mkdir()
    with open_tree(
        write(kind, tmp_path / "source", FILES), scratch=tmp_path / "scratch"
    ) as tree:
        byte_ranges = {name: tree.byte_range(name) for name in tree.names()}
        assert list((tmp_path / "scratch").iterdir()) == []
    for name, byte_range in byte_ranges.items():  # they outlive the tree
        assert byte_range.open().read() == FILES[name]
        assert name in byte_range.label
        assert byte_range.label.startswith(str(tmp_path / "source"))
    assert byte_ranges["set/Greek/character01/0001_02.png"].read_at(300, 3) == bytes(
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
            for ask in (tree.read, tree.size, tree.byte_range, tree.nested):
                with pytest.raises(DataError, match="a name that no file in it has"):
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
    gc.collect()
    open_files = len(os.listdir("/dev/fd"))
    tree = open_tree(path)
    byte_range = tree.byte_range("readme.txt")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del tree, byte_range
        gc.collect()
    assert not [w for w in caught if w.category is ResourceWarning]
    assert len(os.listdir("/dev/fd")) == open_files


@pytest.mark.parametrize("kind", KINDS)
def test_member_above_the_bound_of_read_has_a_byte_range(
    tmp_path: Path, kind: str
) -> None:
    name = "set/Greek/character01/0001_02.png"
    with open_tree(
        write(kind, tmp_path / "source", FILES), Limits(member_bytes=1000)
    ) as tree:
        assert tree.read("set/Greek/character01/0001_01.png") == b"first"
        with pytest.raises(DataError, match=f"{name}.*at most 1,000 bytes, got 2,048"):
            tree.read(name)
        assert tree.byte_range(name).open().read() == FILES[name]


@pytest.mark.parametrize("kind", ["folder", "stored", "deflated", "tar"])
def test_member_above_the_bound_of_byte_range(tmp_path: Path, kind: str) -> None:
    name = "set/Greek/character01/0001_02.png"
    with (
        open_tree(
            write(kind, tmp_path / "source", FILES), Limits(disk_bytes=1000)
        ) as tree,
        pytest.raises(DataError, match=f"{name}.*at most 1,000 bytes, got 2,048"),
    ):
        tree.byte_range(name)


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_members(tmp_path: Path, kind: str) -> None:
    path = write(kind, tmp_path / "source", FILES)
    with pytest.raises(DataError, match="at most 3 files, got 4 or more"):
        open_tree(path, Limits(members=3))
    open_tree(path, Limits(members=4)).close()


@pytest.mark.parametrize("kind", KINDS)
def test_nested_tar_is_read_where_it_lies(tmp_path: Path, kind: str) -> None:
    inner = write_tar(tmp_path / "inner", FILES | CLUTTER).read_bytes()
    path = write(kind, tmp_path / "source", {"train/n01.tar": inner, "other": b"data"})
    with open_tree(path) as tree:
        nested = tree.nested("train/n01.tar")
        assert nested.stamp() == tree.nested("train/n01.tar").stamp()
    assert nested.names() == sorted(FILES)  # it outlives the outer tree
    assert {name: nested.read(name) for name in nested.names()} == FILES
    assert {
        name: nested.byte_range(name).open().read() for name in nested.names()
    } == FILES
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
        with refused(match="outer.tar.*inner.tar.*at most one level of tars"):
            tree.nested("outer.tar").nested("inner.tar")


@pytest.mark.parametrize(
    ("content", "diagnosis"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>Sign in</html>", "a web page in place of the archive"),
        (
            b"\xef\xbb\xbf\r\n <html>Quota exceeded</html>",
            "a web page in place of the archive",
        ),
        (b"Rar!\x1a\x07 and more", r'a file that starts with "Rar!\.\. and'),
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
    assert ADVICE in str(caught.value)


def test_missing_path_names_the_nearest_folder(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=rf"got nothing \(the nearest.* is {tmp_path}\)"
    ):
        open_tree(tmp_path / "no" / "such" / "images.zip")


def test_pipe_in_place_of_the_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "images.zip")
    with pytest.raises(DataError, match="a device or a pipe"):
        open_tree(tmp_path / "images.zip")

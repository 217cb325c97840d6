"""Folders: links, odd files, and files that change after they were listed."""

import os
from pathlib import Path

import pytest

from fewbench.datasets.archives.folders import FolderMembers
from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError
from fewbench_tests.small_archives import FILES, write_folder, write_tar


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
    with pytest.raises(DataError, match="'n01.tar'.*a file that has changed"):
        nested.read("readme.txt")


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


def test_only_the_named_files_are_shown(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "source", {"b": b"22", "a": b"1", "c": b"333"})
    members = FolderMembers(folder, Limits(), only=["c", "a"])

    assert members.names == ["a", "c"]
    assert [members.size(0), members.read(1)] == [1, b"333"]


def test_too_many_files_ask_for_another_folder(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "source", FILES)

    with pytest.raises(DataError, match="at most 3 files.*nothing but the data"):
        FolderMembers(folder, Limits(members=3))

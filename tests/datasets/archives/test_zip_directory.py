"""The directory of a zip is bounded, and a damaged one is described."""

from pathlib import Path

import pytest

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.signatures import describe_content
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.archives.zip_directory import describe_zip, directory
from fewbench.datasets.info import DataError
from fewbench_tests.small_archives import FILES, write_zip


def test_huge_directory_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bad.zip", {f"{i:0200d}": b"" for i in range(60)})
    with pytest.raises(DataError, match="damaged zip"):
        open_tree(path, Limits(members=10, member_bytes=1000))


def test_truncated_zip(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "images.zip", FILES)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="truncated zip file: its end is missing"):
        open_tree(path)


def test_whole_zip_with_a_damaged_directory_is_called_damaged(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "images.zip", FILES)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))
    assert describe_content(path) == "a damaged zip file"


def test_directory_gives_the_entries_and_leaves_the_file_open(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "images.zip", FILES)
    with path.open("rb", buffering=0) as file:
        entries = directory(file, Limits())

        assert {entry.filename: entry.file_size for entry in entries} == {
            name: len(data) for name, data in FILES.items()
        }
        assert not file.closed


def test_a_zip_is_an_npz_file_when_it_holds_nothing_but_arrays(tmp_path: Path) -> None:
    for files, words in (
        ({"a.npy": b"1", "b.npy": b"2"}, "a NumPy .npz file"),
        ({"a.npy": b"1", "b.png": b"2"}, "a zip file"),
        ({}, "a zip file"),
    ):
        with write_zip(tmp_path / "a.zip", files).open("rb", buffering=0) as file:
            assert describe_zip(file, Limits()) == words

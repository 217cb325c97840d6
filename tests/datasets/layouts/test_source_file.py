"""The kind of a file is told by its bytes, and only then by its name."""

import io
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.layouts.source_file import find_file
from fewbench_tests import imagenet_archives as world


def hdf5() -> bytes:
    buffer = io.BytesIO()
    h5py.File(buffer, "w").close()
    return buffer.getvalue()


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(2))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pkl", pickle.dumps({}, 2), "pickle"),
        ("a.dat", pickle.dumps({}, 5), "pickle"),
        ("a.pkl", pickle.dumps({}, 0), "pickle"),
        ("a.csv", hdf5(), "groups"),
        ("a", npz(), "npz"),
        ("a.csv", b"filename,label\n", "csv"),
        ("a.TXT", b"hello", "text"),
        ("a.md", b"hello", "unknown"),
    ],
)
def test_the_kind_of_a_file(folder: Path, name: str, data: bytes, kind: str) -> None:
    (folder / name).write_bytes(data)
    found = find_file(open_tree(folder), name)
    assert (found.kind, found.stem) == (kind, "a")
    assert found.label == f"{folder}: {name}"
    assert found.byte_range().read_at(0, len(data)) == data


def test_a_web_page_in_place_of_a_pickle_is_named(folder: Path) -> None:
    world.write_cache(folder)
    (folder / "mini-imagenet-cache-val.pkl").write_text(
        "<!DOCTYPE html><html>quota</html>"
    )
    with pytest.raises(
        DataError, match=r"cache-val\.pkl: expected data, got a web page"
    ):
        world.MINI.list_classes(Request(folder))


def test_a_web_page_that_is_no_data_file_does_no_harm(folder: Path) -> None:
    (folder / "index.html").write_text("<!DOCTYPE html>")
    assert find_file(open_tree(folder), "index.html").kind == "unknown"


def test_lines_of_a_list(folder: Path) -> None:
    (folder / "a.txt").write_text("one\ntwo\n")
    assert find_file(open_tree(folder), "a.txt").lines() == ["one", "two"]


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"\xff\xfe", "expected text in UTF-8"), (b"x" * (2**22 + 1), "got 4,194,305")],
)
def test_what_is_no_list_is_refused(folder: Path, data: bytes, message: str) -> None:
    (folder / "a.csv").write_bytes(data)
    with pytest.raises(DataError, match=f"a.csv: .*{message}"):
        find_file(open_tree(folder), "a.csv").lines()

"""Rows of small arrays come from maps, rows of large ones from the files: the same values."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.store import mapped_rows
from fewbench.datasets.store.mapped_rows import MappedRows
from fewbench.datasets.store.split_store import SplitStore


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "large":
        monkeypatch.setattr(mapped_rows, "_LARGE_BYTES", 0)
    return request.param


def saved(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    return path


@pytest.mark.parametrize("cuts", [[], [1], [3, 50]])
@pytest.mark.parametrize("dtype", ["uint8", "float16", "float64"])
def test_rows_of_several_files_come_in_the_order_that_was_asked(
    size: str, cuts: list[int], dtype: str, tmp_path: Path
) -> None:
    values = np.arange(64 * 6).reshape(64, 2, 3).astype(dtype)
    paths = []
    for place, part in enumerate(np.split(values, cuts)):
        paths.append(saved(tmp_path / f"{place}.npy", part))
    parts = [np.load(path, mmap_mode="r") for path in paths]
    rows = MappedRows(parts, [partial(path.open, "rb") for path in paths])
    assert len(rows) == 64
    asked = np.array([63, 0, 7, 7, 2, 49, 50, 51])
    found = rows.at(asked)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values[asked])


@pytest.mark.parametrize("n_parts", [1, 2])
@pytest.mark.parametrize("change", ["cut", "written"])
def test_a_file_that_changed_is_an_error_and_no_signal_and_no_wrong_values(
    size: str, change: str, n_parts: int, tmp_path: Path
) -> None:
    path = saved(tmp_path / "a.npy", np.ones((64, 1000)))
    parts = [np.load(path, mmap_mode="r")] * n_parts
    rows = MappedRows(parts, [partial(path.open, "rb")] * n_parts)
    assert rows.at(np.array([3])).sum() == 1000
    with path.open("r+b") as file:
        if change == "cut":
            file.truncate(20_000)
        else:
            file.write(b"x")
            os.utime(path, ns=(0, 0))
    with pytest.raises(OSError, match=r"changed while it was read: .*a\.npy"):
        rows.at(np.array([3, 63]))


def test_a_split_that_is_cut_while_it_is_open_is_named(size: str, copy: Path) -> None:
    store = SplitStore(copy)
    store.at(np.arange(2))
    os.truncate(copy, 10_000)
    with pytest.raises(OSError, match=f"changed while it was read: .*{copy.name}"):
        store.at(np.array([len(store) - 1]))


def test_a_large_file_that_is_cut_at_the_last_moment_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped_rows, "_LARGE_BYTES", 0)
    path = saved(tmp_path / "a.npy", np.ones((64, 100)))
    opener = partial(path.open, "rb")
    rows = MappedRows([np.load(path, mmap_mode="r")], [opener], may_change=True)
    with path.open("r+b") as file:
        file.truncate(20_000)
    assert rows.at(np.array([3])).sum() == 100
    with pytest.raises(OSError, match="was cut while it was read"):
        rows.at(np.array([3, 63]))


def test_a_split_of_any_size_gives_the_same_images(
    size: str, bars: dict[str, SplitStore]
) -> None:
    store = SplitStore(bars["test"].path)
    asked = np.array([159, 0, 20, 20])
    np.testing.assert_array_equal(store.at(asked), store.images[asked])
    np.testing.assert_array_equal(store[-1], store.images[-1])
    with pytest.raises(IndexError):
        store[len(store)]


def test_a_large_split_stays_readable_after_it_was_replaced(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped_rows, "_LARGE_BYTES", 0)
    store = SplitStore(copy)
    before = store.at(np.array([3, 99]))
    copy.unlink()
    copy.write_bytes(b"another file")
    np.testing.assert_array_equal(store.at(np.array([3, 99])), before)


@pytest.mark.parametrize("row", [-1, 64])
def test_rows_that_are_not_there_are_refused(
    size: str, row: int, tmp_path: Path
) -> None:
    path = saved(tmp_path / "a.npy", np.ones((64, 3)))
    rows = MappedRows([np.load(path, mmap_mode="r")], [partial(path.open, "rb")])
    with pytest.raises(IndexError, match="rows 0 to 63"):
        rows.at(np.array([0, row]))

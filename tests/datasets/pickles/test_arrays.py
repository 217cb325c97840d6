"""Arrays of a pickle give the rows asked for, and refuse rows that are not there."""

import os
import pickle
import struct
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.archives.byte_ranges import ByteRange
from fewbench.datasets.info import DataError
from fewbench.datasets.pickles.arrays import StoredArray
from fewbench.datasets.pickles.errors import Unexpected
from fewbench.datasets.pickles.reader import read_pickle
from fewbench_tests.pickled import (
    ARRAY,
    PROTOCOLS,
    UINT8,
    array_state,
    pixels,
    ranged,
)


@pytest.mark.parametrize("code", [">i2", ">u4", ">f8"])
def test_big_endian_arrays_keep_their_values(code: str) -> None:
    with ranged(pickle.dumps(np.arange(5).astype(code), 5)) as byte_range:
        array = read_pickle(byte_range)

        assert isinstance(array, StoredArray)
        assert (
            array.read().tolist()
            == array.rows(np.arange(5)).tolist()
            == [0, 1, 2, 3, 4]
        )


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("shape", [(40, 7, 3), (2000, 30, 25)], ids=["small", "large"])
def test_rows_gives_the_rows_asked_for(protocol: int, shape: tuple[int, ...]) -> None:
    images = pixels(*shape)
    indices = np.array([5, 6, 7, 39, 0, 0, 38, 39, 1], np.uint64)
    with (
        ranged(pickle.dumps(images, protocol)) as byte_range,
        ThreadPoolExecutor(4) as pool,
    ):
        array = read_pickle(byte_range)
        assert isinstance(array, StoredArray)
        reads = list(pool.map(array.rows, [indices] * 8))

        assert len(array) == shape[0]
        assert all(np.array_equal(rows, images[indices]) for rows in reads)
        assert array.rows(np.array([], np.int64)).shape == (0, *shape[1:])
        assert array.tobytes() == images.tobytes()


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 40], "rows 0 to 39, got 0 to 40"),
        ([-1], "got -1 to -1"),
        ([0.5], "row numbers"),
        ([[1]], "row"),
    ],
)
def test_rows_refuses_rows_that_are_not_there(indices: list, message: str) -> None:
    with ranged(pickle.dumps(pixels(40, 7), 4)) as byte_range:
        array = read_pickle(byte_range)
        assert isinstance(array, StoredArray)

        with pytest.raises(
            DataError, match=rf"cache\.pkl: .*{message}.*Download it again"
        ):
            array.rows(np.array(indices))


def test_an_array_without_dimensions_has_no_rows() -> None:
    with ranged(pickle.dumps(np.zeros(()), 5)) as byte_range:
        array = read_pickle(byte_range)
        assert isinstance(array, StoredArray)

        with pytest.raises(DataError, match="at least one dimension"):
            len(array)


def test_rows_of_a_large_array_in_fortran_order_are_refused() -> None:
    shape = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in (2**14, 2**13)) + b"t"
    data = array_state(
        shape, b"T" + struct.pack("<i", 2**27) + bytes(2**27), order=b"\x88"
    )
    with ranged(data) as byte_range:
        array = read_pickle(byte_range)
        assert isinstance(array, StoredArray)

        with pytest.raises(DataError, match="expected C order"):
            array.rows(np.array([0]))


def test_rows_of_an_array_larger_than_memory(tmp_path: Path) -> None:
    n_rows, width = 5_000_000, 2000
    head = (
        b"\x80\x04"
        + ARRAY
        + b"(K\x01J"
        + struct.pack("<i", n_rows)
        + b"M\xd0\x07\x86"
        + UINT8
    )
    head += b"\x89\x8e" + struct.pack("<Q", n_rows * width)
    with (tmp_path / "sparse.pkl").open("w+b") as file:
        file.write(head)
        file.seek(n_rows * width - 3, os.SEEK_CUR)
        file.write(b"\x01\x02\x03tb.")
        file.flush()
        tracemalloc.start()
        array = read_pickle(ByteRange(file, 0, file.tell(), "sparse.pkl"))
        assert isinstance(array, StoredArray)
        last = array.rows(np.array([0, n_rows - 1]))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert array.shape == (n_rows, width)
    assert last[1, -4:].tolist() == [0, 1, 2, 3]
    assert peak < 2**20


def test_an_array_is_filled_once_and_knows_its_size() -> None:
    array = StoredArray()
    assert not array.filled
    assert repr(array) == "StoredArray()"

    array.fill(np.dtype("<i2"), (2, 3), bytes(range(12)), fortran=False)
    assert array.filled
    assert array.nbytes == 12
    assert array.read().tolist() == [[256, 770, 1284], [1798, 2312, 2826]]
    assert array.rows(np.array([1])).tolist() == [[1798, 2312, 2826]]


def test_fortran_order_is_read_whole() -> None:
    array = StoredArray()
    array.fill(np.dtype("u1"), (2, 3), bytes(range(6)), fortran=True)

    assert array.read().tolist() == [[0, 2, 4], [1, 3, 5]]
    assert array.rows(np.array([1])).tolist() == [[1, 3, 5]]
    assert array.tobytes() == bytes([0, 2, 4, 1, 3, 5])


@pytest.mark.parametrize("data", [bytes(5), bytes(7), "text", None, []])
def test_data_of_another_size_or_kind_are_refused(data: object) -> None:
    array = StoredArray()
    with pytest.raises(Unexpected):
        array.fill(np.dtype("u1"), (2, 3), data, fortran=False)
    assert not array.filled


@pytest.mark.parametrize(
    "shape", [(-1,), (True, 6), (1.0,), (2**60,), (0, 2**60), (2**31, 2**30), (1,) * 33]
)
def test_impossible_shapes_are_refused(shape: tuple) -> None:
    with pytest.raises(Unexpected) as caught:
        StoredArray().fill(np.dtype("u1"), shape, b"", fortran=False)
    assert caught.value.expected == "the shape of an array"

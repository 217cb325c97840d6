"""Opcodes that could run code are refused, and the stack is bounded."""

import pickle
import tempfile

import pytest

from fewbench.datasets.archives.byte_ranges import ByteRange
from fewbench.datasets.info import DataError
from fewbench.datasets.pickles.reader import read_pickle
from fewbench_tests.pickled import (
    PROTOCOLS,
    loaded,
)


class Persistent(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        return "elsewhere" if obj == "x" else None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_read_pickle_refuses_persistent_ids(protocol: int) -> None:
    with tempfile.TemporaryFile() as file:
        Persistent(file, protocol).dump(["x"])
        file.flush()
        byte_range = ByteRange(file, 0, file.tell(), "cache.pkl")

        with pytest.raises(DataError, match=r"PERSID.*may run code"):
            read_pickle(byte_range)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02\x83\x01\0.", "EXT2"),
        (b"\x80\x02\x84\x01\0\0\0.", "EXT4"),
        (b"(ios\nsystem\n.", "INST"),
        (b"(cnumpy\nndarray\no.", "OBJ"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "NEWOBJ"),
        (b"\x80\x04cnumpy\nndarray\n)}\x92.", "NEWOBJ_EX"),
        (b"\x80\x02ccopyreg\n_reconstructor\n)R.", "copyreg._reconstructor"),
        (b"\x80\x02cos\nsystem\n.", "os.system"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0ccore.os.path\x93.", "numpy.core.os.path"),
        (b"\x80\x04\x8c\x0cnumpy\x1b[2Jxyz\x8c\x01y\x93.", r"numpy\\x1b\[2Jxyz.y"),
        (b"\x80\x04NN\x93.", "<NoneType>"),
        (b"]}b.", "a value of type list"),
        (b"]}R.", "got list"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x8f.", "EMPTY_SET"),
    ],
)
def test_read_pickle_refuses_what_could_run_code(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"at byte [\d,]+.*{message}.*may run code"):
        loaded(data)


def test_a_file_that_makes_ever_more_is_stopped() -> None:
    with pytest.raises(DataError, match="expected at most 1,048,576 values at once"):
        loaded(b"N" * (2**20 + 1) + b".")


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"NN0.", None),
        (b"N(0.", None),
        (b"](K\1K\2e.", [1, 2]),
        (b"(K\1K\2l.", [1, 2]),
        (b"(K\1K\2d.", {1: 2}),
        (b"}K\1K\2s.", {1: 2}),
        (b"K\1K\2K\3\x87.", (1, 2, 3)),
        (b"K\1(K\2K\x031.", 1),
        (b"K\x012\x86.", (1, 1)),
        (b"K\1p5\n0g5\n.", 1),
    ],
)
def test_opcodes_act_as_in_python(data: bytes, value: object) -> None:
    assert loaded(data) == pickle.loads(data) == value

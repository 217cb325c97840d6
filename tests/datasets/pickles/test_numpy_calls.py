"""Calls of numpy in a pickle are described, and unusual ones are refused."""

import pickle
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.info import DataError
from fewbench.datasets.pickles.arrays import StoredArray
from fewbench.datasets.pickles.errors import Unexpected
from fewbench.datasets.pickles.numpy_calls import AllowedName, PickledDtype, call
from fewbench_tests.pickled import PROTOCOLS, UINT8, array_state, loaded


@pytest.mark.parametrize(
    "dtype",
    ["O", "S3", "U3", "V3", "M8[s]", "c16", [("a", "i4")], [("a", "O")], ("i4", (2,))],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_read_pickle_refuses_other_dtypes(dtype: Any, protocol: int) -> None:
    data = pickle.dumps([np.zeros(3, np.dtype(dtype)), np.dtype(dtype)], protocol)

    with pytest.raises(
        DataError, match="expected a dtype of integers, floats or booleans"
    ):
        loaded(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            array_state(b"K\x05\x85", b"U\x04abcd"),
            "5 bytes for an array of uint8 .*got 4",
        ),
        (
            array_state(b"K\x04\x85", b"U\x05abcde"),
            "4 bytes for an array of uint8 .*got 5",
        ),
        (
            array_state(b"K\x05\x85", b"T\xe8\x03\0\0" + bytes(1000)),
            "5 bytes .*got 1,000",
        ),
        (array_state(b"J\xff\xff\xff\xff\x85", b"U\0"), "shape"),
        (array_state(b"(" + b"K\x01" * 40 + b"t", b"U\x01a"), "shape"),
        (array_state(b"K\x00\x8a\x09\0\0\0\0\0\0\0\0\x01\x86", b"U\0"), "shape"),
        (array_state(b"\x88\x85", b"U\x01a"), "shape"),
        (array_state(b"K\x01\x85", b"X\x01\0\0\0a"), "bytes of an array, got str"),
        (array_state(b"K\x01\x85", b"]"), "bytes of an array, got list"),
        (array_state(b"]", b"U\x01a"), "state of an array"),
        (array_state(b"K\x01\x85", b"U\x01a", dtype=b"N"), "state of an array"),
        (
            array_state(b"K\x01\x85", b"U\x01a")[:-1]
            + b"(K\x01)"
            + UINT8
            + b"\x89U\1atb.",
            "state",
        ),
        (b"cnumpy\ndtype\n(U\x02u3K\x00K\x01tR.", "a dtype of integers"),
        (UINT8.replace(b"|NNN", b"|]NN") + b".", "plain dtype"),
        (UINT8.replace(b"(K\x03", b"(K\x09") + b".", "plain dtype"),
        (
            b"cnumpy.core.multiarray\nscalar\n" + UINT8 + b"U\x02ab\x86R.",
            "arguments of scalar",
        ),
        (
            b"c_codecs\nencode\n(X\x02\0\0\0\xc4\x80U\x06latin1tR.",
            "arguments of encode",
        ),
        (
            b"c_codecs\nencode\n(X\x02\0\0\0\xc4\x80X\x06\0\0\0latin1tR.",
            "bytes written as text",
        ),
        (b"c_codecs\nencode\n(X\x02\0\0\0abX\x05\0\0\0rot13tR.", "arguments of encode"),
    ],
)
def test_arrays_that_contradict_themselves_are_refused(
    data: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=rf"at byte [\d,]+: expected .*{message}"):
        loaded(data)


UINT16 = PickledDtype("u2")


@pytest.mark.parametrize(
    ("name", "args", "made"),
    [
        ("scalar", (UINT16, b"\x01\x02"), 513),
        ("encode", ("\xe9", "latin1"), b"\xe9"),
        ("bytes", (), b""),
        ("OrderedDict", (), {}),
    ],
)
def test_plain_values_are_made(name: str, args: tuple, made: object) -> None:
    assert call(AllowedName(name), args) == made


def test_a_buffer_becomes_an_array() -> None:
    args = (b"\1\0\2\0", UINT16, (2,), "C")

    array = call(AllowedName("_frombuffer"), args)

    assert isinstance(array, StoredArray)
    assert array.read().tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("scalar", (UINT16, b"\x01")),
        ("encode", ("a", "rot13")),
        ("bytes", (5,)),
        ("OrderedDict", ([],)),
        ("_frombuffer", (b"", UINT16, (0,), "A")),
        ("_reconstruct", (AllowedName("dtype"), (0,), "b")),
        ("ndarray", ((2,),)),
        ("dtype", ("u2",)),
    ],
)
def test_unusual_arguments_are_refused(name: str, args: tuple) -> None:
    with pytest.raises(Unexpected) as caught:
        call(AllowedName(name), args)
    assert caught.value.expected == f"the usual arguments of {name}"


def test_a_dtype_takes_its_byte_order_from_the_state() -> None:
    pickled = PickledDtype(b"i4")
    pickled.build((3, b">", None, None, None, -1, -1, 0))

    assert pickled.dtype == np.dtype(">i4")
    for state in ((3, ">"), (4, ">", None, None, None, -1, -1, 0), ()):
        with pytest.raises(Unexpected):
            pickled.build(state)

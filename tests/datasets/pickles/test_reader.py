"""read_pickle gives what pickle.loads would, without running it or reading its arrays."""

import collections
import pickle
from contextlib import suppress
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.datasets.info import DataError
from fewbench.datasets.pickles.arrays import StoredArray
from fewbench.datasets.pickles.reader import read_pickle
from fewbench_tests.pickled import (
    ARRAY,
    PROTOCOLS,
    UINT8,
    loaded,
    pixels,
    plain,
    ranged,
)

# Written by Python 2.7 (cPickle, protocol 0, 1, 2; pickle, protocol 2) with numpy 1.16.
OF_PYTHON2 = {
    "text": b"(dp1\nS'image_data'\np2\ncnumpy.core.multiarray\n_reconstruct\np3\n(cnumpy\nndarray"
    b"\np4\n(I0\ntS'b'\ntRp5\n(I1\n(I2\nI2\nI2\nI3\ntcnumpy\ndtype\np6\n(S'u1'\nI0\nI1\ntRp7\n"
    b"(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x00\\x0b\\x16!,7BMXcny\\x84\\x8f\\x9a\\xa5\\xb0"
    b"\\xbb\\xc6\\xd1\\xdc\\xe7\\xf2\\xfd'\ntbsS'class_dict'\np8\n(dp9\nS'n01'\np10\n(lp11\n"
    b"I0\naI1\nass.",
    "binary": b"}q\x01(U\nimage_dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03(cnumpy\n"
    b"ndarray\nq\x04(K\x00tU\x01btRq\x05(K\x01(K\x02K\x02K\x02K\x03tcnumpy\ndtype\nq\x06("
    b"U\x02u1K\x00K\x01tRq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbI00\n"
    b"U\x18\x00\x0b\x16!,7BMXcny\x84\x8f\x9a\xa5\xb0\xbb\xc6\xd1\xdc\xe7\xf2\xfdtbU\n"
    b"class_dictq\x08}q\tU\x03n01q\n]q\x0b(K\x00K\x01esu.",
    "protocol 2": b"\x80\x02}q\x01(U\nimage_dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03"
    b"cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05(K\x01(K\x02K\x02K\x02K\x03tcnumpy\ndtype\n"
    b"q\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    b"\x89U\x18\x00\x0b\x16!,7BMXcny\x84\x8f\x9a\xa5\xb0\xbb\xc6\xd1\xdc\xe7\xf2\xfdtbU\n"
    b"class_dictq\x08}q\tU\x03n01q\n]q\x0b(K\x00K\x01esu.",
    "pickle.py": b"\x80\x02}q\x00(U\nimage_dataq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02"
    b"cnumpy\nndarray\nq\x03K\x00\x85q\x04U\x01bq\x05\x87q\x06Rq\x07(K\x01(K\x02K\x02K\x02K\x03t"
    b"q\x08cnumpy\ndtype\nq\tU\x02u1q\nK\x00K\x01\x87q\x0bRq\x0c(K\x03U\x01|q\rNNNJ"
    b"\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0eb\x89U\x18\x00\x0b\x16!,7BMXcny\x84\x8f\x9a"
    b"\xa5\xb0\xbb\xc6\xd1\xdc\xe7\xf2\xfdq\x0ftq\x10bU\nclass_dictq\x11}q\x12U\x03n01q\x13]"
    b"q\x14(K\x00K\x01esu.",
}


STRUCTURES = {
    "miniImageNet": {
        "image_data": pixels(6, 84, 84, 3),
        "class_dict": {"n01": [0, 1], "n02": [2]},
    },
    "bytes keys": {
        b"image_data": pixels(2, 84, 84, 3),
        b"class_dict": {b"n01": [0, 1]},
    },
    "PNG records": [pixels(n) for n in (3, 300, 70_000)]
    + [pixels(n, 1) for n in (3, 300, 70_000)],
    "labels": {
        "label_specific": np.arange(500, dtype=np.int32),
        "label_specific_str": ["crane", "tench, Tinca tinca", "maill\u00f4t"],
        "label_general_str": {0: "instrument", 1: "dog"},
    },
    "numpy numbers": [np.int64(n) for n in range(40)]
    + [np.float32(0.5), np.bool_(True)],
    "dtypes": [
        np.arange(6).astype(code) for code in ("?", "i1", "u2", "<i8", "f2", "f4", "f8")
    ],
    "shapes": [
        np.float64(3.5).reshape(()),
        np.zeros((0, 3)),
        np.zeros((4, 0), np.uint8),
    ],
    "Fortran order": [np.asfortranarray(np.arange(600).reshape(20, 5, 6))],
    "numbers": [
        0,
        -1,
        255,
        256,
        65536,
        -70_000,
        10**30,
        -(10**30),
        0.1,
        -0.0,
        float("inf"),
        True,
    ],
    "long strings": [
        "x" * 300,
        "\u00e9\u4e00\U0001f600" * 200,
        b"\0\xff" * 300,
        "",
        b"",
    ],
    "ordered": collections.OrderedDict(a=1, b=2),
}


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_read_pickle_gives_what_was_written(name: str, protocol: int) -> None:
    data = pickle.dumps(STRUCTURES[name], protocol)

    assert repr(loaded(data)) == repr(plain(pickle.loads(data))).replace(
        "OrderedDict", "dict"
    )


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_read_pickle_knows_the_module_names_of_older_numpy(
    name: str, protocol: int
) -> None:
    new = old = pickle.dumps(STRUCTURES[name], protocol)
    for module in (b"multiarray", b"numeric"):
        now, then = b"numpy._core." + module, b"numpy.core." + module
        old = old.replace(
            bytes([len(now)]) + now, bytes([len(then)]) + then
        )  # protocol 4
        old = old.replace(b"c" + now, b"c" + then)

    assert b"numpy._core" not in old
    assert repr(loaded(old)) == repr(loaded(new))


@pytest.mark.parametrize("name", OF_PYTHON2)
def test_read_pickle_reads_what_python_2_wrote(name: str) -> None:
    images = (np.arange(24) * 11).astype(np.uint8).reshape(2, 2, 2, 3)

    value = loaded(OF_PYTHON2[name])

    assert value == {b"image_data": plain(images), b"class_dict": {b"n01": [0, 1]}}


plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.sampled_from(
        ["\u00e9" * 700, b"\xe9" * 700, pixels(3, 2), pixels(600), np.int16(-7)]
    ),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.lists(inner, max_size=6).map(tuple)
        | st.dictionaries(
            st.text(max_size=20) | st.integers(-99, 2**31) | st.none(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(plain_values, st.sampled_from(PROTOCOLS))
def test_read_pickle_agrees_with_pickle(value: object, protocol: int) -> None:
    data = pickle.dumps(value, protocol)

    assert repr(loaded(data)) == repr(plain(pickle.loads(data)))


WHOLE = b"\x80\x02]q\x00(U\x05abcdeK\x01e."


DAMAGED = {
    "an empty file": (b"", 0, "the end of the file"),
    "nothing after the protocol": (b"\x80\x02", 2, "the end of the file"),
    "no STOP": (WHOLE[:-1], 16, "the end of the file"),
    "a cut string": (WHOLE[:8], 6, "5 bytes"),
    "a cut number": (b"\x80\x02J\x01\x02", 2, "the end of the file after 2"),
    "a cut line": (b"I12", 0, "unfinished"),
    "an unknown opcode": (b"\x80\x02\xff.", 2, "xff"),
    "a new protocol": (b"\x80\x06N.", 0, "protocol 6"),
    "nothing on the stack": (b"\x80\x02.", 2, "1 or more values on the stack, got 0"),
    "no mark": (b"\x80\x02]e.", 3, "a mark"),
    "a mark that lost its values": (b"]N(00e.", 5, "a mark"),
    "a negative length": (b"T\xff\xff\xff\xffabc.", 0, "-1 bytes"),
    "a length beyond the file": (
        b"\x8e" + b"\xff" * 8 + b".",
        0,
        "a string that ends inside the file",
    ),
    "a memo id that was never stored": (b"\x80\x02h\x05.", 2, "stored before, got 5"),
    "a number that is none": (b"Iabc\n.", 0, "decimal"),
    "a float that is none": (b"Fabc\n.", 0, "decimal"),
    "a huge integer": (
        b"\x8b\0\0\1\0" + b"1" * 65536 + b".",
        0,
        "an integer of at most",
    ),
    "an integer of many digits": (b"L" + b"1" * 1001 + b"L\n.", 0, "decimal"),
    "a string without quotes": (b"Sabc\n.", 0, "quoted"),
    "a string with an odd escape": (b"S'\\q'\n.", 0, "quoted"),
    "text that is not UTF-8": (b"X\x01\0\0\0\xff.", 0, "utf-8"),
    "long text that is not UTF-8": (
        b"X\x00\x04\0\0" + b"\xff" * 1024 + b".",
        5,
        "utf-8",
    ),
    "an unpaired key": (b"}(K\x01u.", 4, "pairs"),
    "a list as key": (b"}]Ns.", 3, "a short string"),
    "a tuple as key": (b"})Ns.", 3, "a short string"),
    "a huge key": (b"}L18446744073709551616L\nNs.", 25, "a small integer"),
    "an item without a list": (b"NNa.", 2, "a list to append to"),
    "an array without data": (ARRAY + b".", len(ARRAY), "an array without data"),
    "a dtype": (UINT8 + b".", len(UINT8), "a dtype without an array"),
    "a name alone": (b"cnumpy\nndarray\n.", 15, "the name of a function"),
    "nested lists": (b"]" * 5000 + b"a" * 4999 + b".", 9999, "64 levels"),
    "nested tuples": (b")" + b"\x85" * 5000 + b".", 5001, "64 levels"),
    "many marks": (b"(" * 5000 + b".", 1024, "marks"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named_with_its_place(name: str) -> None:
    data, offset, message = DAMAGED[name]

    with pytest.raises(
        DataError, match=rf"^cache\.pkl: .* at byte {offset:,}: expected "
    ) as error:
        loaded(data)

    assert message in str(error.value)
    assert "Download it again" in str(error.value)


def test_a_web_page_is_named() -> None:
    with pytest.raises(DataError, match=r"cache\.pkl.*a web page.*Download it again"):
        loaded(b"\n<!DOCTYPE html><html><body>Sign in</body></html>")


honest = st.sampled_from(
    [
        pickle.dumps(STRUCTURES[name], protocol)
        for name in (
            "bytes keys",
            "labels",
            "numpy numbers",
            "Fortran order",
            "long strings",
        )
        for protocol in PROTOCOLS
    ]
    + list(OF_PYTHON2.values())
)


def survives(data: bytes) -> None:
    """Nothing but plain values, readable arrays and DataErrors come of it."""
    with ranged(data) as byte_range, suppress(DataError):
        waiting, seen = [read_pickle(byte_range)], set()
        while waiting:
            value = waiting.pop()
            if isinstance(value, StoredArray):
                with suppress(DataError):
                    assert len(value.tobytes()) == value.read().nbytes
            elif not isinstance(value, list | tuple | dict):
                assert isinstance(value, str | bytes | int | float | None)
            elif id(value) not in seen:  # it may hold itself
                seen.add(id(value))
                waiting += (
                    [*value, *value.values()] if isinstance(value, dict) else value
                )


@given(honest, st.floats(0, 1))
@settings(deadline=timedelta(seconds=5))
def test_truncated_pickles_are_refused(data: bytes, fraction: float) -> None:
    with pytest.raises(DataError, match=r"cache\.pkl"):
        loaded(data[: int(fraction * (len(data) - 1))])


@given(
    honest,
    st.lists(st.tuples(st.integers(0), st.integers(0, 7)), min_size=1, max_size=8),
)
@settings(deadline=timedelta(seconds=5), max_examples=300)
def test_flipped_bits_never_surprise(data: bytes, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(data)
    for place, bit in flips:
        # Half of them in the first bytes, where the opcodes are.
        damaged[place % (len(data) if place % 2 else min(300, len(data)))] ^= 1 << bit

    survives(bytes(damaged))


opcodes = st.sampled_from(
    [
        *(
            bytes([code])
            for code in b"(012NIJKM]})aelsdut\x85\x86\x87Rbcq\x94\x93\x88\x89.\x81"
        ),
        *(
            b"K\x01",
            b"J\xff\xff\xff\xff",
            b"I01\n",
            b"U\x02u1",
            b"U\x01|",
            b"X\x01\0\0\0b",
            b"V\n",
        ),
        *(
            b"q\0",
            b"q\1",
            b"h\0",
            b"h\1",
            b"\x94",
            b"\x8c\x01C",
            b"\x96\x04" + bytes(11),
            b"S'b'\n",
        ),
        *(
            ARRAY,
            UINT8,
            b"(K\x01K\x04\x85" + UINT8 + b"\x89U\x04abcdt",
            b"cnumpy\ndtype\n",
        ),
        *(
            b"cnumpy.core.numeric\n_frombuffer\n",
            b"c_codecs\nencode\n",
            b"c__builtin__\nbytes\n",
        ),
        *(
            b"cnumpy.core.multiarray\nscalar\n",
            b"U\x01a\x86R",
            b"X\x06\0\0\0latin1\x86R",
        ),
    ]
)


@given(st.lists(opcodes | st.binary(max_size=3), max_size=30).map(b"".join))
@settings(deadline=timedelta(seconds=5), max_examples=500)
def test_any_mix_of_opcodes_never_surprises(data: bytes) -> None:
    survives(data + b".")

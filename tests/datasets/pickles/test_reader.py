"""read_pickle gives what pickle.loads would, without running it or reading its arrays."""

import collections
import os
import pickle
import struct
import tempfile
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.datasets.archives.byte_ranges import Span
from fewbench.datasets.info import DataError
from fewbench.datasets.pickles.arrays import StoredArray, text
from fewbench.datasets.pickles.reader import read_pickle

PROTOCOLS = range(6)
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
# An array up to where a pickle of Python 2 tells its version, shape, dtype, order and bytes.
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
UINT8 = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


@contextmanager
def spanned(data: bytes) -> Iterator[Span]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield Span(file, 0, len(data), "cache.pkl")


def loaded(data: bytes) -> object:
    """What read_pickle makes of the data, with its arrays read."""
    with spanned(data) as span:
        return plain(read_pickle(span))


def plain(value: object) -> object:
    """A value whose `==` and repr compare all of it, arrays and types too."""
    if isinstance(value, StoredArray):
        array = value.read()
        assert (array.dtype, array.shape) == (value.dtype, value.shape)
        assert array.tobytes() == value.tobytes()
        value = array
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return value


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def array_state(
    shape: bytes, data: bytes, dtype: bytes = UINT8, order: bytes = b"\x89"
) -> bytes:
    return ARRAY + b"(K\x01" + shape + dtype + order + data + b"tb."


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


def test_text_makes_one_key_of_both_pythons_strings() -> None:
    assert text(b"image_data") == text("image_data") == "image_data"
    assert text(b"maill\xf4t") == "maill\u00f4t"


@pytest.mark.parametrize("code", [">i2", ">u4", ">f8"])
def test_big_endian_arrays_keep_their_values(code: str) -> None:
    with spanned(pickle.dumps(np.arange(5).astype(code), 5)) as span:
        array = read_pickle(span)

        assert isinstance(array, StoredArray)
        assert (
            array.read().tolist()
            == array.rows(np.arange(5)).tolist()
            == [0, 1, 2, 3, 4]
        )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shared_values_are_shared_again(protocol: int) -> None:
    inner, array = [1], pixels(400)
    data = pickle.dumps([inner, inner, array, array, {"again": inner}], protocol)
    with spanned(data) as span:
        value = read_pickle(span)

    assert isinstance(value, list)
    assert value[0] is value[1] is value[4]["again"]
    assert value[2] is value[3]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_list_and_a_dict_may_hold_themselves(protocol: int) -> None:
    outer: dict = {"list": []}
    outer["list"] += [outer, outer["list"], "x" * 1000]
    with spanned(pickle.dumps(outer, protocol)) as span:
        value = read_pickle(span)

    assert isinstance(value, dict)
    assert value["list"][0] is value
    assert value["list"][1] is value["list"]
    assert value["list"][2] == "x" * 1000


def test_lists_doubled_through_the_memo_cost_nothing() -> None:
    doubled = b"".join(b"0]q%c(h%ch%ce" % (i, i - 1, i - 1) for i in range(1, 60))
    with spanned(b"]q\0" + doubled + b".") as span:
        value = read_pickle(span)

    assert isinstance(value, list)
    assert value[0] is value[1]


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


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("shape", [(40, 7, 3), (2000, 30, 25)], ids=["small", "large"])
def test_rows_gives_the_rows_asked_for(protocol: int, shape: tuple[int, ...]) -> None:
    images = pixels(*shape)
    indices = np.array([5, 6, 7, 39, 0, 0, 38, 39, 1], np.uint64)
    with spanned(pickle.dumps(images, protocol)) as span, ThreadPoolExecutor(4) as pool:
        array = read_pickle(span)
        assert isinstance(array, StoredArray)
        reads = list(pool.map(array.rows, [indices] * 8))

        assert len(array) == shape[0]
        assert all(np.array_equal(rows, images[indices]) for rows in reads)
        assert array.rows(np.array([], np.int64)).shape == (0, *shape[1:])
        assert array.tobytes() == images.tobytes()


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 40], "rows 0 to 39, got 0..40"),
        ([-1], "got -1..-1"),
        ([0.5], "row numbers"),
        ([[1]], "row"),
    ],
)
def test_rows_refuses_rows_that_are_not_there(indices: list, message: str) -> None:
    with spanned(pickle.dumps(pixels(40, 7), 4)) as span:
        array = read_pickle(span)
        assert isinstance(array, StoredArray)

        with pytest.raises(
            DataError, match=rf"cache\.pkl: .*{message}.*get the file again"
        ):
            array.rows(np.array(indices))


def test_an_array_without_dimensions_has_no_rows() -> None:
    with spanned(pickle.dumps(np.zeros(()), 5)) as span:
        array = read_pickle(span)
        assert isinstance(array, StoredArray)

        with pytest.raises(DataError, match="at least one dimension"):
            len(array)


def test_rows_of_a_large_array_in_fortran_order_are_refused() -> None:
    shape = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in (2**14, 2**13)) + b"t"
    data = array_state(
        shape, b"T" + struct.pack("<i", 2**27) + bytes(2**27), order=b"\x88"
    )
    with spanned(data) as span:
        array = read_pickle(span)
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
        array = read_pickle(Span(file, 0, file.tell(), "sparse.pkl"))
        assert isinstance(array, StoredArray)
        last = array.rows(np.array([0, n_rows - 1]))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert array.shape == (n_rows, width)
    assert last[1, -4:].tolist() == [0, 1, 2, 3]
    assert peak < 2**20


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_records_stay_in_the_file(protocol: int) -> None:
    n_records = 2000
    with spanned(
        pickle.dumps([pixels(6000 + n) for n in range(n_records)], protocol)
    ) as span:
        tracemalloc.start()
        records = read_pickle(span)
        size, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert isinstance(records, list)
        assert records[-1].tobytes() == pixels(6000 + n_records - 1).tobytes()
    assert size < 400 * n_records
    assert peak < 600 * n_records


def test_a_decoded_array_needs_its_folder(tmp_path: Path) -> None:
    data = pickle.dumps(pixels(3000, 1000), 2)
    with spanned(data) as span:
        array = read_pickle(span, tmp_path / "missing")
        assert isinstance(array, StoredArray)
        with pytest.raises(DataError, match="missing.*Make room"):
            array.rows(np.array([0]))

        array = read_pickle(span, tmp_path)
        assert isinstance(array, StoredArray)
        assert np.array_equal(array.rows(np.array([7])), pixels(3000, 1000)[7:8])
        assert list(tmp_path.iterdir()) == []


class Call:
    """Pickles as a call of `function` with `args`."""

    def __init__(self, function: object, *args: object) -> None:
        self.reduced = function, args

    def __reduce__(self) -> tuple:
        return self.reduced


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Call(os.system, "touch pwned"), "posix.system"),
        (Call(eval, "open('pwned', 'w')"), r"(builtins|__builtin__).eval"),
        (Call(np.load, "x.npy", None, True), "numpy.load"),
        (Call(getattr, "x", "upper"), r"(builtins|__builtin__).getattr"),
        (Call(bytearray, b"x"), r"(builtins|__builtin__).bytearray"),
        (Path("x"), "pathlib.PosixPath"),
        (collections.Counter("ab"), "collections.Counter"),
        (os.system, "posix.system"),
    ],
)
def test_read_pickle_refuses_to_call(
    value: object,
    name: str,
    protocol: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps([1, value], protocol)

    with pytest.raises(
        DataError, match=rf"cache\.pkl.* at byte [\d,]+: .*the name {name}\b"
    ) as error:
        loaded(data)

    assert "may run code" in str(error.value)
    assert "fewbench refuses" in str(error.value)
    assert list(tmp_path.iterdir()) == []


class Persistent(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        return "elsewhere" if obj == "x" else None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_read_pickle_refuses_persistent_ids(protocol: int) -> None:
    with tempfile.TemporaryFile() as file:
        Persistent(file, protocol).dump(["x"])
        file.flush()
        span = Span(file, 0, file.tell(), "cache.pkl")

        with pytest.raises(DataError, match=r"PERSID.*may run code"):
            read_pickle(span)


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
        (b"]}b.", "one for list"),
        (b"]}R.", "got list"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x8f.", "EMPTY_SET"),
    ],
)
def test_read_pickle_refuses_what_could_run_code(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"at byte [\d,]+.*{message}.*may run code"):
        loaded(data)


@pytest.mark.parametrize(
    "dtype",
    ["O", "S3", "U3", "V3", "M8[s]", "c16", [("a", "i4")], [("a", "O")], ("i4", (2,))],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_read_pickle_refuses_other_dtypes(dtype: object, protocol: int) -> None:
    data = pickle.dumps([np.zeros(3, np.dtype(dtype)), np.dtype(dtype)], protocol)

    with pytest.raises(
        DataError, match="expected a dtype of integers, floats or booleans"
    ):
        loaded(data)


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
    "nothing on the stack": (b"\x80\x02.", 2, "enough values on the stack, got 0"),
    "no mark": (b"\x80\x02]e.", 3, "a mark"),
    "a mark that lost its values": (b"]N(00e.", 5, "a mark"),
    "a negative length": (b"T\xff\xff\xff\xffabc.", 0, "-1 bytes"),
    "a length beyond the file": (
        b"\x8e" + b"\xff" * 8 + b".",
        0,
        "a length inside the file",
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
    "an array without data": (ARRAY + b".", len(ARRAY), "a bare StoredArray"),
    "a dtype": (UINT8 + b".", len(UINT8), "a bare PickledDtype"),
    "a name alone": (b"cnumpy\nndarray\n.", 15, "a bare Name"),
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
    assert "get the file again" in str(error.value)


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


@pytest.mark.parametrize("length", [600, 3_000_000], ids=["decoded", "copied"])
@pytest.mark.parametrize("wrong", ["\u00e9\u00e9", "\u0100"], ids=["size", "character"])
def test_data_written_as_text_are_checked_when_they_are_read(
    length: int, wrong: str
) -> None:
    # As many bytes as a good array could have: only decoding shows the difference.
    coded = wrong.encode() + b"a" * (length - 1)
    encoded = b"c_codecs\nencode\n(X" + struct.pack("<I", len(coded)) + coded
    encoded += b"X\x06\0\0\0latin1tR"
    with spanned(
        array_state(b"J" + struct.pack("<i", length) + b"\x85", encoded)
    ) as span:
        array = read_pickle(span)
        assert isinstance(array, StoredArray)

        with pytest.raises(
            DataError, match=r"at byte [\d,]+: expected (.*array data|bytes written)"
        ):
            array.rows(np.array([0]))


def test_a_web_page_is_named() -> None:
    with pytest.raises(DataError, match=r"cache\.pkl.*a web page.*Get the file again"):
        loaded(b"\n<!DOCTYPE html><html><body>Sign in</body></html>")


def test_a_file_that_makes_ever_more_is_stopped() -> None:
    with pytest.raises(DataError, match="expected at most 1,048,576 values at once"):
        loaded(b"N" * (2**20 + 1) + b".")


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
    with spanned(data) as span, suppress(DataError):
        waiting, seen = [read_pickle(span)], set()
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

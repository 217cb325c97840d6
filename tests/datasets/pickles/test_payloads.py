"""Long strings and array data stay in the file, and are checked when they are read."""

import pickle
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.info import DataError
from fewbench.datasets.pickles.arrays import StoredArray
from fewbench.datasets.pickles.payloads import Payload, PickleFile
from fewbench.datasets.pickles.reader import read_pickle
from fewbench_tests.pickled import (
    array_state,
    pixels,
    ranged,
)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_records_stay_in_the_file(protocol: int) -> None:
    n_records = 2000
    with ranged(
        pickle.dumps([pixels(6000 + n) for n in range(n_records)], protocol)
    ) as byte_range:
        tracemalloc.start()
        records = read_pickle(byte_range)
        size, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert isinstance(records, list)
        assert records[-1].tobytes() == pixels(6000 + n_records - 1).tobytes()
    assert size < 400 * n_records
    assert peak < 600 * n_records


def test_a_decoded_array_needs_its_folder(tmp_path: Path) -> None:
    data = pickle.dumps(pixels(3000, 1000), 2)
    with ranged(data) as byte_range:
        array = read_pickle(byte_range, tmp_path / "missing")
        assert isinstance(array, StoredArray)
        with pytest.raises(DataError, match="missing.*Make room"):
            array.rows(np.array([0]))

        array = read_pickle(byte_range, tmp_path)
        assert isinstance(array, StoredArray)
        assert np.array_equal(array.rows(np.array([7])), pixels(3000, 1000)[7:8])
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [600, 3_000_000], ids=["decoded", "copied"])
@pytest.mark.parametrize("wrong", ["\u00e9\u00e9", "\u0100"], ids=["size", "character"])
def test_data_written_as_text_are_checked_when_they_are_read(
    length: int, wrong: str
) -> None:
    # As many bytes as a good array could have: only decoding shows the difference.
    coded = wrong.encode() + b"a" * (length - 1)
    encoded = b"c_codecs\nencode\n(X" + struct.pack("<I", len(coded)) + coded
    encoded += b"X\x06\0\0\0latin1tR"
    with ranged(
        array_state(b"J" + struct.pack("<i", length) + b"\x85", encoded)
    ) as byte_range:
        array = read_pickle(byte_range)
        assert isinstance(array, StoredArray)

        with pytest.raises(
            DataError, match=r"at byte [\d,]+: expected (.*array data|bytes written)"
        ):
            array.rows(np.array([0]))


def payload(data: bytes, codec: str, is_text: bool = False) -> Iterator[Payload]:
    with ranged(b"<" + data + b">") as byte_range:
        file = PickleFile(byte_range, None)
        yield Payload(file, 1, len(data), codec, is_text)


@pytest.mark.parametrize(
    ("data", "codec", "value"),
    [
        (b"a\xe9", "raw", b"a\xe9"),
        ("a\xe9".encode(), "utf-8", b"a\xe9"),
        (rb"'a\xe9'", "string-escape", b"a\xe9"),
        (rb"a\u00e9", "raw-unicode-escape", b"a\xe9"),
    ],
)
def test_each_codec_gives_the_same_bytes(data: bytes, codec: str, value: bytes) -> None:
    for one in payload(data, codec):
        assert one.decoded() == value
        assert one.read_at(1, 1, 2) == value[1:]
        assert one.may_hold(2)
        assert not one.may_hold(len(data) + 1)


def test_text_stays_text_until_its_bytes_are_asked_for() -> None:
    for one in payload("\xe9".encode(), "utf-8", is_text=True):
        assert one.decoded() == "\xe9"
        assert one.in_latin1().decoded() == b"\xe9"


def test_another_size_than_promised_is_refused() -> None:
    for one in payload(b"abc", "utf-8"):
        with pytest.raises(DataError, match="byte 1: expected 4 bytes of array data"):
            one.read_at(0, 1, 4)

"""The opcodes of a pickle: their arguments, their places, and what ends too early."""

import pickle

import pytest

from fewbench.datasets.pickles.errors import Unexpected
from fewbench.datasets.pickles.opcodes import Opcodes, shared_ids
from fewbench.datasets.pickles.payloads import Payload, PickleFile
from fewbench_tests.pickled import ranged


def listed(data: bytes) -> list[tuple[int, str, object]]:
    """(place, name, argument) of each opcode."""
    with ranged(data) as byte_range:
        opcodes = Opcodes(PickleFile(byte_range, None))
        return [(opcodes.at, name, argument) for name, argument in opcodes]


def test_each_opcode_has_its_place_and_its_argument() -> None:
    assert listed(b"\x80\x02](K\x07X\x01\0\0\0aI12\ne.") == [
        (0, "PROTO", b"\x02"),
        (2, "EMPTY_LIST", b""),
        (3, "MARK", b""),
        (4, "BININT1", b"\x07"),
        (6, "BINUNICODE", b"a"),
        (12, "INT", b"12"),
        (16, "APPENDS", b""),
        (17, "STOP", b""),
    ]


def test_a_name_is_two_lines() -> None:
    assert listed(b"cnumpy\ndtype\n.")[0] == (0, "GLOBAL", (b"numpy", b"dtype"))


def test_what_follows_the_end_is_not_read() -> None:
    assert [name for _, name, _ in listed(b"N.\xff\xff")] == ["NONE", "STOP"]


@pytest.mark.parametrize(
    ("head", "start", "codec", "is_text"),
    [
        (b"X\x2c\1\0\0", 5, "utf-8", True),
        (b"T\x2c\1\0\0", 5, "raw", False),
        (b"\x8e\x2c\1\0\0\0\0\0\0", 9, "raw", False),
        (b"V", 1, "raw-unicode-escape", True),
    ],
)
def test_a_long_string_stays_in_the_file(
    head: bytes, start: int, codec: str, is_text: bool
) -> None:
    end = b"\n." if head == b"V" else b"."
    (_, _, argument), (at, name, _) = listed(head + b"a" * 300 + end)

    assert isinstance(argument, Payload)
    assert (argument.offset, argument.length) == (start, 300)
    assert (argument.codec, argument.is_text) == (codec, is_text)
    assert (at, name) == (start + 300 + len(end) - 1, "STOP")


def test_only_ids_that_are_fetched_are_shared() -> None:
    inner = [1]
    for protocol in range(6):
        with ranged(pickle.dumps([inner, inner, [2]], protocol)) as byte_range:
            ids = shared_ids(Opcodes(PickleFile(byte_range, None)))
        assert len(ids) == 1


@pytest.mark.parametrize(
    "data", [b"", b"N", b"J\1\2", b"I12", b"X\5\0\0\0a.", b"\xff."]
)
def test_a_cut_or_unknown_opcode_is_refused(data: bytes) -> None:
    with pytest.raises(Unexpected):
        listed(data)

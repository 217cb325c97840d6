"""What the arguments of opcodes stand for."""

import pytest

from fewbench.datasets.pickles.errors import Unexpected
from fewbench.datasets.pickles.values import GETS, VALUES, integer, unsigned


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("NONE", b"", None),
        ("NEWTRUE", b"", True),
        ("EMPTY_TUPLE", b"", ()),
        ("INT", b"00", False),
        ("INT", b"01", True),
        ("INT", b"-12", -12),
        ("LONG", b"12L", 12),
        ("LONG1", b"\xff\xff", -1),
        ("BININT", b"\xfe\xff\xff\xff", -2),
        ("BININT2", b"\xfe\xff", 65534),
        ("FLOAT", b"1e3", 1000.0),
        ("BINFLOAT", b"\x3f\xe0" + bytes(6), 0.5),
        ("BINUNICODE", b"\xc3\xa9", "\u00e9"),
        ("STRING", b"'a'", b"a"),
        ("BINBYTES", b"\xe9", b"\xe9"),
    ],
)
def test_value(name: str, argument: bytes, value: object) -> None:
    made = VALUES[name](argument)

    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize("line", [b"", b"1.5", b"0x1", b" 1", b"1_0", b"1" * 1001])
def test_a_line_that_is_no_number_is_refused(line: bytes) -> None:
    with pytest.raises(Unexpected):
        integer(line)


def test_ids_of_the_memo() -> None:
    assert GETS["GET"](b"12") == 12
    assert GETS["BINGET"](b"\x0c") == unsigned(b"\x0c\0\0\0") == 12

"""Long names and pax records in front of the members of a tar."""

import time
from pathlib import Path

import pytest

from fewbench.datasets.archives.tar_extensions import pax_records
from fewbench_tests.raw_tars import END, contents, member, opened, pax, refused


def test_pax_records_correct_what_follows(tmp_path: Path) -> None:
    content = pax(b"g", comment="0123456789abcdef", path="everywhere") + pax(
        path="one", mtime="1.5"
    )
    content += member(b"1") + pax(size="3") + member(b"333", size=b"0") + END
    assert contents(opened(tmp_path, content)) == {"one": b"1", "everywhere": b"333"}


def test_sparse_file_of_pax(tmp_path: Path) -> None:
    with refused("a sparse file"):
        opened(tmp_path, pax(GNU_sparse_major="1") + member() + END)


@pytest.mark.parametrize("value", ["-5", "", "1e3", "9" * 30, "99999999999999"])
def test_sizes_of_pax_that_are_none(tmp_path: Path, value: str) -> None:
    with refused("not a valid number|truncated or damaged"):
        opened(tmp_path, pax(size=value) + member() + END)


@pytest.mark.parametrize(
    "data", [b"x", b"9 path=a", b"12 path=a\n", b"6 path=a\n", b"0 path=a\n", b"5 =a\n"]
)
def test_pax_records_that_are_none(tmp_path: Path, data: bytes) -> None:
    with refused("expected intact pax records, got damaged records"):
        opened(tmp_path, member(data, kind=b"x") + member() + END)


def test_records_that_are_slow_to_parse(tmp_path: Path) -> None:
    started = time.perf_counter()
    opened(tmp_path, member(b"5 a=\n" * 200_000, kind=b"x") + member() + END)
    opened(tmp_path, member(b"./" * 500_000 + b"a", kind=b"L") + member() + END)
    assert time.perf_counter() - started < 5


def test_only_path_and_size_are_kept() -> None:
    data = b"12 path=a/b\n13 mtime=1.5\n9 size=7\n\0\0"

    assert pax_records(data) == {b"path": b"a/b", b"size": b"7"}
    assert pax_records(b"") == {}


def test_a_value_may_hold_a_newline_and_an_equals_sign() -> None:
    assert pax_records(b"12 path=a\n=\n") == {b"path": b"a\n="}


@pytest.mark.parametrize("size", [b"", b"-1", b"1e3", b"1" * 20])
def test_a_size_is_a_number_of_at_most_19_digits(size: bytes) -> None:
    record = b" size=" + size + b"\n"
    length = len(record) + (1 if len(record) < 9 else 2)

    with pytest.raises(ValueError, match="not a valid number"):
        pax_records(b"%d" % length + record)

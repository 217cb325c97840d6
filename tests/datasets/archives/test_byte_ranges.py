"""Ranges of a file: what they read, what they refuse, and when the file is closed."""

import os
from pathlib import Path

import pytest

from fewbench.datasets.archives.byte_ranges import ByteRange, SharedFile, file_stamp
from fewbench.datasets.info import DataError


@pytest.fixture
def digits(tmp_path: Path) -> ByteRange:
    """The digits of a file that has one byte more on each side."""
    path = tmp_path / "file"
    path.write_bytes(b"<0123456789>")
    return SharedFile(path).whole("file").part(1, 10, "digits")


def test_read_at_gives_bytes_of_the_range(digits: ByteRange) -> None:
    assert len(digits) == 10
    assert digits.read_at(3, 4) == b"3456"
    assert digits.read_at(0, 10) == b"0123456789"
    assert digits.read_at(10, 0) == b""


@pytest.mark.parametrize(
    ("offset", "length"), [(-1, 2), (0, 11), (10, 1), (0, -1), (2**70, 1)]
)
def test_a_place_outside_is_refused(
    digits: ByteRange, offset: int, length: int
) -> None:
    for ask in (digits.read_at, digits.part):
        with pytest.raises(DataError, match="^digits: .*got 10 bytes in all"):
            ask(offset, length)


def test_a_part_of_a_part_keeps_the_label_or_has_its_own(digits: ByteRange) -> None:
    part = digits.part(2, 5)

    assert part.part(1, 2, "two").read_at(0, 2) == b"34"
    assert (part.label, part.part(1, 2, "two").label) == ("digits", "two")


def test_a_file_object_seeks_and_reads_without_moving_others(
    digits: ByteRange,
) -> None:
    with digits.open() as one, digits.open() as other:
        assert one.seek(-3, os.SEEK_END) == 7
        assert one.read() == b"789"
        assert one.read() == b""
        assert other.read(2) == b"01"
        assert other.seek(3, os.SEEK_CUR) == 5
        assert other.read(1) == b"5"
        with pytest.raises(OSError, match="negative position"):
            other.seek(-1)


def test_a_file_that_shrinks_or_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    data = SharedFile(path).whole("file")
    os.truncate(path, 60)
    with pytest.raises(DataError, match="expected 40 more bytes"):
        data.read_at(0, 100)
    with (
        path.open("wb") as file,
        pytest.raises(DataError, match="a readable file, got Bad file descriptor"),
    ):
        ByteRange(file, 0, 4, "file").read_at(0, 4)


def test_the_file_closes_with_its_last_range(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    before = len(os.listdir("/dev/fd"))
    data = SharedFile(tmp_path / "file").whole("file")
    part = data.part(0, 2)
    del data
    assert len(os.listdir("/dev/fd")) == before + 1
    del part
    assert len(os.listdir("/dev/fd")) == before


def test_a_stamp_tells_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"data")
    os.utime(path, ns=(5, 7))

    assert SharedFile(path).stamp() == file_stamp(path.stat()) == "4 7"

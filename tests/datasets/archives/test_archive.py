"""What every kind of source gets from the base class Members."""

from pathlib import Path

import pytest

from fewbench.datasets.archives.archive import Members
from fewbench.datasets.archives.byte_ranges import ByteRange, SharedFile
from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.info import DataError


class OneByOne(Members):
    """A file in which each byte is a member."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__("bytes", limits)
        self.names = ["a", "b", "c"]
        self.n_opened = 0
        self._data = SharedFile(path).whole("bytes")

    def size(self, index: int) -> int:
        return len(self._data.part(index, 1))

    def byte_range(self, index: int) -> ByteRange:
        self.n_opened += 1
        return self._data.part(index, 1)

    def stamp(self) -> str:
        return "today"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"ABC")
    return tmp_path / "file"


def test_read_goes_through_the_byte_range(path: Path) -> None:
    members = OneByOne(path, Limits())

    assert [members.read(index) for index in range(3)] == [b"A", b"B", b"C"]


def test_read_keeps_the_limit(path: Path) -> None:
    members = OneByOne(path, Limits(member_bytes=0))

    with pytest.raises(DataError, match="bytes: cannot read 'b': .* got 1"):
        members.read(1)


def test_the_opener_opens_once(path: Path) -> None:
    members = OneByOne(path, Limits())
    opener = members.opener(2)

    assert opener().read_at(0, 1) == opener().read_at(0, 1) == b"C"
    assert members.n_opened == 1


def test_a_member_stamp_holds_the_stamp_of_the_source(path: Path) -> None:
    members = OneByOne(path, Limits())

    assert members.member_stamp(0) == "today a"
    assert members.member_stamp(1) == "today b"

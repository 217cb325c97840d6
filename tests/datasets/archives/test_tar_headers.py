"""What the headers of a tar may say, and archives that are not whole."""

import os
import tempfile
from pathlib import Path

import pytest

from fewbench.datasets.archives.byte_ranges import ByteRange
from fewbench.datasets.archives.tar_headers import TarEntry, read_entries, starts_tar
from fewbench.datasets.archives.tree import open_tree
from fewbench_tests.raw_tars import (
    END,
    FILES,
    contents,
    header,
    member,
    opened,
    pack,
    pax,
    refused,
)


def test_gnu_keeps_times_where_others_have_the_prefix(tmp_path: Path) -> None:
    content = member(magic=b"ustar  \0", prefix=b"13012345671\x0013012345671") + END
    assert contents(opened(tmp_path, content)) == {"a.png": b"data"}


@pytest.mark.parametrize("kind", [b"0", b"\0", b"7"])
def test_kinds_of_files_and_archives_older_than_ustar(
    tmp_path: Path, kind: bytes
) -> None:
    content = header(b"set/", b"0", b"\0", b"") + member(kind=kind, magic=b"") + END
    assert contents(opened(tmp_path, content)) == {"a.png": b"data"}


@pytest.mark.parametrize(
    "size", [b"4", b"          4\0", b"00000000004 ", b"\x80" + bytes(10) + b"\4"]
)
def test_ways_to_write_a_size(tmp_path: Path, size: bytes) -> None:
    assert contents(opened(tmp_path, member(size=size) + END)) == {"a.png": b"data"}


@pytest.mark.parametrize("extension", [b"", pax(size=str(9 * 2**30))])
def test_member_larger_than_octal_digits_can_say(
    tmp_path: Path, extension: bytes
) -> None:
    size = b"0" if extension else b"\x80" + (9 * 2**30).to_bytes(11, "big")
    with (tmp_path / "images").open("wb") as file:
        file.write(extension + header(size=size))
        file.seek(9 * 2**30 - 4, os.SEEK_CUR)
        file.write(b"last" + member(name=b"b.png") + END)
    with open_tree(tmp_path / "images") as tree:
        assert tree.size("a.png") == 9 * 2**30
        assert tree.byte_range("a.png").read_at(9 * 2**30 - 6, 6) == b"\0\0last"
        assert tree.read("b.png") == b"data"
        with refused("'a.png': expected at most 67,108,864 bytes"):
            tree.read("a.png")


def test_size_of_a_folder_is_no_data(tmp_path: Path) -> None:
    content = header(b"set/", b"00000010000\0", b"5") + member(name=b"set/a.png") + END
    assert contents(opened(tmp_path, content)) == {"set/a.png": b"data"}


@pytest.mark.parametrize(
    "size", [b"-0000000004\0", b"\xff" * 11 + b"\xfc", b"four", b"0x4", b"0_4", b"9"]
)
def test_sizes_that_are_none(tmp_path: Path, size: bytes) -> None:
    with refused("the header at byte 1,024: .* which is not a number"):
        opened(tmp_path, member() + member(name=b"bad", size=size) + END)


@pytest.mark.parametrize(
    "size", [b"77777777777\0", b"\x80" + b"\xff" * 11, b"\x80" + bytes(4) + b"\x7f" * 7]
)
def test_sizes_beyond_the_file(tmp_path: Path, size: bytes) -> None:
    for kind in (b"0", b"L", b"x"):
        with refused("truncated or damaged|of at most 1,048,576 bytes each"):
            opened(tmp_path, member() + member(name=b"bad", size=size, kind=kind) + END)


def test_extensions_without_end(tmp_path: Path) -> None:
    with refused("at most 8 extensions in a row, .* got 9 in a row"):
        opened(tmp_path, pax(comment="x") * 9 + member() + END)
    with refused("the last of 1,048,577"):
        opened(tmp_path, member(bytes(2**20 + 1), kind=b"L") + member() + END)


def test_every_truncation(tmp_path: Path) -> None:
    content = pack(FILES)
    needed = len(content.rstrip(b"\0")) + 512 - len(content.rstrip(b"\0")) % 512 + 512
    for length in range(0, len(content), 64):
        if length >= needed:
            assert contents(opened(tmp_path, content[:length])) == FILES
        else:
            with refused("truncated|an empty file|a zip file or a tar file"):
                opened(tmp_path, content[:length])


def test_cut_between_two_members(tmp_path: Path) -> None:
    with refused("the empty block that closes a tar, got the end of the file"):
        opened(tmp_path, member())
    assert contents(opened(tmp_path, member() + bytes(512))) == {"a.png": b"data"}


@pytest.mark.parametrize("gap", [512, 1024, 2**20])
def test_hole_in_the_middle(tmp_path: Path, gap: int) -> None:
    with refused("what follows byte 1,024: expected only zeros"):
        opened(tmp_path, member() + bytes(gap) + member(name=b"b.png") + END)


def test_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    content = bytearray(member() + member(name=b"b.png") + END)
    content[1024] ^= 1
    with refused("the header at byte 1,024.*a wrong checksum"):
        opened(tmp_path, bytes(content))
    content[0] ^= 1
    with refused("the header at byte 0.*a wrong checksum"):
        opened(tmp_path, bytes(content))


def test_nothing_but_zeros(tmp_path: Path) -> None:
    with refused("expected a zip file or a tar file, got a file that starts with"):
        opened(tmp_path, bytes(10_240))


def entries(content: bytes) -> list[TarEntry]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return list(read_entries(ByteRange(file, 0, len(content), "images.tar")))


def test_an_entry_says_where_its_data_are() -> None:
    content = member(name=b"a.png") + member(b"x" * 600, name=b"b.png")
    content += member(b"", name=b"set", kind=b"5") + END

    assert entries(content) == [
        TarEntry(b"a.png", b"0", 512, 4),
        TarEntry(b"b.png", b"0", 1536, 600),
        TarEntry(b"set", b"5", 3072, 0),
    ]


def test_a_long_name_belongs_to_the_next_member_only() -> None:
    long_name = member(b"n" * 150 + b"\0", kind=b"L")
    content = long_name + member() + member(name=b"b.png") + END

    assert [entry.name for entry in entries(content)] == [b"n" * 150, b"b.png"]


def test_the_start_of_a_tar_is_known_with_and_without_its_mark() -> None:
    assert starts_tar(header())
    assert starts_tar(header(magic=b""))
    assert not starts_tar(header(magic=b"")[:511])
    assert not starts_tar(b"PK\x03\x04" + bytes(508))
    assert not starts_tar(b"")

"""Tars: what their headers may say, what is refused, and damage at every place."""

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import subprocess
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.tree import Tree, open_tree
from fewbench.datasets.info import DataError

FILES = {
    "train/n01/a.JPEG": b"first",
    "train/n01/b.JPEG": bytes(range(256)) * 5,
    "empty": b"",
}
LONG = {f"{'folder/' * 40}{i}.JPEG": bytes([i]) * i for i in range(3)}
FORMATS = {
    "ustar": tarfile.USTAR_FORMAT,
    "gnu": tarfile.GNU_FORMAT,
    "pax": tarfile.PAX_FORMAT,
}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
END = bytes(1024)


def pack(files: dict[str, bytes], layout: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def header(
    name: bytes = b"a.png",
    size: bytes = b"00000000004\0",
    kind: bytes = b"0",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
) -> bytes:
    """One block, by hand: tarfile would refuse to write most of what is tested here."""
    start = struct.pack("100s8s8s8s12s12s", name, b"644", b"0", b"0", size, b"0")
    end = struct.pack(
        "c100s8s32s32s8s8s155s12x", kind, b"link", magic, b"", b"", b"", b"", prefix
    )
    return start + b"%06o\0 " % (sum(start + end) + 8 * 32) + end


def member(data: bytes = b"data", **fields: bytes) -> bytes:
    """A header and its data, whose size is stated unless `size` is given."""
    return (
        header(**{"size": b"%011o\0" % len(data), **fields})
        + data
        + bytes(-len(data) % 512)
    )


def pax(kind: bytes = b"x", **records: str) -> bytes:
    data = b""
    for key, value in records.items():
        record = f" {key.replace('_', '.')}={value}\n".encode()
        length = len(record) + 1
        length += len(str(length + len(str(length)) - 1)) - 1
        data += b"%d" % length + record
    return member(data, kind=kind, name=b"pax")


def opened(folder: Path, content: bytes, limits: Limits | None = None) -> Tree:
    path = folder / "images"
    path.write_bytes(content)
    return open_tree(path, limits)


def contents(tree: Tree) -> dict[str, bytes]:
    return {name: tree.read(name) for name in tree.names()}


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(DataError, match=words) as caught:
        yield
    assert "fewbench data build NAME --source DIR" in str(caught.value)


# What headers may say


@pytest.mark.parametrize("layout", FORMATS)
def test_every_layout(tmp_path: Path, layout: str) -> None:
    files = FILES if layout == "ustar" else FILES | LONG | {"ñ/ł.png": b"names"}
    assert contents(opened(tmp_path, pack(files, FORMATS[layout]))) == files


def test_names_of_ustar_may_have_a_prefix(tmp_path: Path) -> None:
    files = {"p" * 90 + "/" + "n" * 60: b"data"}
    assert contents(opened(tmp_path, pack(files, tarfile.USTAR_FORMAT))) == files


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
        assert tree.span("a.png").read_at(9 * 2**30 - 6, 6) == b"\0\0last"
        assert tree.read("b.png") == b"data"
        with refused("'a.png': expected at most 67,108,864 bytes"):
            tree.read("a.png")


def test_size_of_a_folder_is_no_data(tmp_path: Path) -> None:
    content = header(b"set/", b"00000010000\0", b"5") + member(name=b"set/a.png") + END
    assert contents(opened(tmp_path, content)) == {"set/a.png": b"data"}


def test_harmless_dots_are_dropped(tmp_path: Path) -> None:
    folders = header(b"./", b"0", b"5") + header(b".", b"0", b"5")
    content = folders + member(name=b"././set/a.png") + END
    assert contents(opened(tmp_path, content)) == {"set/a.png": b"data"}


def test_name_that_is_no_utf8(tmp_path: Path) -> None:
    assert contents(opened(tmp_path, member(name=b"caf\xe9.png") + END)) == {
        "café.png": b"data"
    }


def test_pax_records_correct_what_follows(tmp_path: Path) -> None:
    content = pax(b"g", comment="0123456789abcdef", path="everywhere") + pax(
        path="one", mtime="1.5"
    )
    content += member(b"1") + pax(size="3") + member(b"333", size=b"0") + END
    assert contents(opened(tmp_path, content)) == {"one": b"1", "everywhere": b"333"}


@pytest.mark.skipif(which("tar") is None, reason="needs the tar command")
def test_what_the_tar_command_writes(tmp_path: Path) -> None:
    for name, data in (FILES | LONG).items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(data)
    subprocess.run(
        ["tar", "-cf", tmp_path / "images.tar", "-C", tmp_path / "set", "."], check=True
    )
    assert contents(open_tree(tmp_path / "images.tar")) == FILES | LONG


# What could do harm


@pytest.mark.parametrize(
    "name",
    [
        b"/etc/passwd",
        b"../up",
        b"a/../../up",
        b"a/./b",
        b"a//b",
        b"a\\b",
        b"C:/x",
        b".//x",
        b"a/",
    ],
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: bytes) -> None:
    for content in (
        member(name=name),
        pax(path=name.decode()) + member(),
        member(name + b"\0", kind=b"L") + member(),
    ):
        with refused("could lead elsewhere"):
            opened(tmp_path, member(name=b"good") + content + END)


def test_folders_that_lead_elsewhere(tmp_path: Path) -> None:
    for name in (b"../up/", b"/", b"a/../b", b"//"):
        with refused("could lead elsewhere"):
            opened(tmp_path, header(name, b"0", b"5") + member() + END)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (b"1", "a hard link"),
        (b"2", "a symbolic link"),
        (b"3", "a device"),
        (b"4", "a device"),
        (b"6", "a named pipe"),
        (b"S", "a sparse file"),
        (b"M", "a member of type b'M'"),
    ],
)
def test_what_is_neither_file_nor_folder(
    tmp_path: Path, kind: bytes, words: str
) -> None:
    for name in (b"odd", b".hidden"):
        with refused(f"{name.decode()}.*expected a file or a folder, got {words}"):
            opened(tmp_path, member() + header(name, b"0", kind) + END)


def test_sparse_file_of_pax(tmp_path: Path) -> None:
    with refused("a sparse file"):
        opened(tmp_path, pax(GNU_sparse_major="1") + member() + END)


@pytest.mark.parametrize("name", [b"a.png", b"./a.png"])
def test_duplicate_names(tmp_path: Path, name: bytes) -> None:
    with refused("'a.png': expected distinct names, got the same name twice"):
        opened(tmp_path, member() + member(name=b"b.png") + member(name=name) + END)


@pytest.mark.parametrize(
    "size", [b"-0000000004\0", b"\xff" * 11 + b"\xfc", b"four", b"0x4", b"0_4", b"9"]
)
def test_sizes_that_are_none(tmp_path: Path, size: bytes) -> None:
    with refused("the header at byte 1,024: .* in place of a number"):
        opened(tmp_path, member() + member(name=b"bad", size=size) + END)


@pytest.mark.parametrize(
    "size", [b"77777777777\0", b"\x80" + b"\xff" * 11, b"\x80" + bytes(4) + b"\x7f" * 7]
)
def test_sizes_beyond_the_file(tmp_path: Path, size: bytes) -> None:
    for kind in (b"0", b"L", b"x"):
        with refused("truncated or damaged|of 1,048,576 bytes each"):
            opened(tmp_path, member() + member(name=b"bad", size=size, kind=kind) + END)


@pytest.mark.parametrize("value", ["-5", "", "1e3", "9" * 30, "99999999999999"])
def test_sizes_of_pax_that_are_none(tmp_path: Path, value: str) -> None:
    with refused("a size of|truncated or damaged"):
        opened(tmp_path, pax(size=value) + member() + END)


@pytest.mark.parametrize(
    "data", [b"x", b"9 path=a", b"12 path=a\n", b"6 path=a\n", b"0 path=a\n", b"5 =a\n"]
)
def test_pax_records_that_are_none(tmp_path: Path, data: bytes) -> None:
    with refused("expected intact pax records, got damaged ones"):
        opened(tmp_path, member(data, kind=b"x") + member() + END)


def test_extensions_without_end(tmp_path: Path) -> None:
    with refused("at most 8 of .* got 9"):
        opened(tmp_path, pax(comment="x") * 9 + member() + END)
    with refused("the last of 1,048,577"):
        opened(tmp_path, member(bytes(2**20 + 1), kind=b"L") + member() + END)


def test_names_that_would_fill_memory(tmp_path: Path) -> None:
    content = b"".join(
        member(b"n" * 900 + b"%d" % i, kind=b"L") + member() for i in range(4)
    )
    with refused("names of at most 256 bytes"):
        opened(tmp_path, content + END, Limits(members=10))


def test_records_that_are_slow_to_parse(tmp_path: Path) -> None:
    started = time.perf_counter()
    opened(tmp_path, member(b"5 a=\n" * 200_000, kind=b"x") + member() + END)
    opened(tmp_path, member(b"./" * 500_000 + b"a", kind=b"L") + member() + END)
    assert time.perf_counter() - started < 5


# Archives that are not whole


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
    with refused("what follows byte 1,024: expected zeros to the end"):
        opened(tmp_path, member() + bytes(gap) + member(name=b"b.png") + END)


def test_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    content = bytearray(member() + member(name=b"b.png") + END)
    content[1024] ^= 1
    with refused("the header at byte 1,024.*another checksum"):
        opened(tmp_path, bytes(content))
    content[0] ^= 1
    with refused("the header at byte 0.*another checksum"):
        opened(tmp_path, bytes(content))


def test_nothing_but_zeros(tmp_path: Path) -> None:
    with refused("expected a zip file or a tar file, got a file that starts with"):
        opened(tmp_path, bytes(10_240))


def test_file_that_shrinks_after_listing(tmp_path: Path) -> None:
    tree = opened(tmp_path, member(bytes(5000)) + END)
    os.truncate(tmp_path / "images", 1000)
    with pytest.raises(DataError, match="too early"):
        tree.read("a.png")


# Compressed tars


@pytest.mark.parametrize("kind", PACK)
def test_several_streams_and_zeros_behind(tmp_path: Path, kind: str) -> None:
    content = pack(FILES)
    parts = [content[i : i + 700] for i in range(0, len(content), 700)]
    packed = b"".join(map(PACK[kind], [*parts, b""]))
    assert contents(opened(tmp_path, packed)) == FILES
    assert contents(opened(tmp_path, packed + bytes(100_000))) == FILES
    for junk in (b"junk", bytes(70_000) + b"junk"):
        with refused(
            f"an intact {'gzip' if kind == 'gz' else 'bzip2' if kind == 'bz2' else 'xz'}"
        ):
            opened(tmp_path, packed + junk)


@pytest.mark.parametrize("kind", PACK)
def test_bomb(tmp_path: Path, kind: str) -> None:
    zeros = member(bytes(64 * 2**20))
    with refused("at most 200 times the packed .* bomb"):
        opened(tmp_path, PACK[kind](zeros + END))


def test_more_than_the_disk_should_hold(tmp_path: Path) -> None:
    with refused("at most 9,000 bytes"):
        opened(tmp_path, gzip.compress(pack(FILES)), Limits(span_bytes=9000))


def test_dictionary_that_would_fill_memory(tmp_path: Path) -> None:
    packed = bytearray(lzma.compress(pack(FILES), check=lzma.CHECK_CRC32))
    size = (
        packed[12] + 1
    ) * 4  # of the block header: flags, filter, its dictionary, CRC32
    assert packed[14:16] == b"\x21\x01"
    packed[16] = 39  # 3 GiB
    packed[12 + size - 4 : 12 + size] = struct.pack(
        "<I", zlib.crc32(packed[12 : 12 + size - 4])
    )
    with refused("an intact xz file, got Memory usage limit exceeded"):
        opened(tmp_path, bytes(packed))


@pytest.mark.parametrize("kind", PACK)
def test_packed_file_that_is_no_tar(tmp_path: Path, kind: str) -> None:
    with refused("expected a tar file, got a pickle file"):
        opened(tmp_path, PACK[kind](b"\x80\x02]q\x00."))
    with refused("expected a tar file, got an empty file"):
        opened(tmp_path, PACK[kind](b""))


def test_many_empty_streams_take_no_long_time(tmp_path: Path) -> None:
    started = time.perf_counter()
    packed = gzip.compress(b"") * 50_000 + gzip.compress(pack(FILES))
    assert contents(opened(tmp_path, packed)) == FILES
    assert time.perf_counter() - started < 5


# Damage at every place

once_more = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
damage = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), max_size=1
)


def damaged(content: bytes, flips: list[tuple[float, int]], kept: float) -> bytes:
    """The first `kept` of it, with single bits turned over at these places."""
    data = bytearray(content[: int(len(content) * kept)])
    for place, bit in flips:
        if data:
            data[int(len(data) * place)] ^= 1 << bit
    return bytes(data)


kept_parts = st.one_of(st.just(1.0), st.floats(0, 1))


@once_more
@given(damage, kept_parts)
def test_damaged_tar_shows_its_own_bytes_under_the_right_names(
    tmp_path: Path, flips: list[tuple[float, int]], kept: float
) -> None:
    content = pack(FILES, tarfile.USTAR_FORMAT)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        places = {one.name: (one.offset_data, one.size) for one in archive}
    content = damaged(content, flips, kept)
    try:
        shown = contents(opened(tmp_path, content))
    except DataError:
        return
    # A tar has no checksums of its data: all that can be told is that they come from their place.
    assert shown == {
        name: content[at : at + size] for name, (at, size) in places.items()
    }


@once_more
@given(st.sampled_from(sorted(PACK)), damage, kept_parts)
def test_damaged_packed_tar_is_refused_or_right(
    tmp_path: Path, kind: str, flips: list[tuple[float, int]], kept: float
) -> None:
    files = FILES | {"noise": random.Random(0).randbytes(3000)}
    packed = damaged(PACK[kind](pack(files)), flips, kept)
    try:
        assert contents(opened(tmp_path, packed)) == files
    except DataError:
        assert flips or kept < 1


@once_more
@given(
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), max_size=4
    ),
    kept_parts,
)
def test_damaged_extensions_are_refused_or_read(
    tmp_path: Path, layout: int, flips: list[tuple[float, int]], kept: float
) -> None:
    content = damaged(pack(LONG, layout), flips, kept)
    started = time.perf_counter()
    try:
        shown = contents(opened(tmp_path, content))
    except DataError:
        shown = {}
    assert all(data in content for data in shown.values())
    assert time.perf_counter() - started < 2


@once_more
@given(
    st.lists(st.sampled_from([b"0", b"5", b"L", b"x", b"g", b"2", b"K"]), max_size=6),
    st.data(),
)
def test_headers_in_any_order(
    tmp_path: Path, kinds: list[bytes], data: st.DataObject
) -> None:
    blocks = [
        member(
            data.draw(st.binary(max_size=40)),
            kind=kind,
            name=data.draw(st.binary(max_size=9)),
        )
        for kind in kinds
    ]
    started = time.perf_counter()
    try:
        for name, shown in contents(opened(tmp_path, b"".join(blocks) + END)).items():
            assert shown in b"".join(blocks)
            assert not name.startswith(("/", "../"))
    except DataError:
        pass
    assert time.perf_counter() - started < 2

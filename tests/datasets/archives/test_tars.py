"""Tars: their files are shown under the right names, and unsafe ones are refused."""

import io
import os
import random
import subprocess
import tarfile
import time
from pathlib import Path
from shutil import which

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError
from fewbench_tests.raw_tars import (
    END,
    FILES,
    LONG,
    PACK,
    contents,
    header,
    member,
    opened,
    pack,
    pax,
    refused,
)

FORMATS = {
    "ustar": tarfile.USTAR_FORMAT,
    "gnu": tarfile.GNU_FORMAT,
    "pax": tarfile.PAX_FORMAT,
}


@pytest.mark.parametrize("layout", FORMATS)
def test_every_layout(tmp_path: Path, layout: str) -> None:
    files = FILES if layout == "ustar" else FILES | LONG | {"ñ/ł.png": b"names"}
    assert contents(opened(tmp_path, pack(files, FORMATS[layout]))) == files


def test_names_of_ustar_may_have_a_prefix(tmp_path: Path) -> None:
    files = {"p" * 90 + "/" + "n" * 60: b"data"}
    assert contents(opened(tmp_path, pack(files, tarfile.USTAR_FORMAT))) == files


def test_harmless_dots_are_dropped(tmp_path: Path) -> None:
    folders = header(b"./", b"0", b"5") + header(b".", b"0", b"5")
    content = folders + member(name=b"././set/a.png") + END
    assert contents(opened(tmp_path, content)) == {"set/a.png": b"data"}


def test_name_that_is_no_utf8(tmp_path: Path) -> None:
    assert contents(opened(tmp_path, member(name=b"caf\xe9.png") + END)) == {
        "café.png": b"data"
    }


@pytest.mark.skipif(which("tar") is None, reason="needs the tar command")
def test_what_the_tar_command_writes(tmp_path: Path) -> None:
    for name, data in (FILES | LONG).items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(data)
    subprocess.run(
        ["tar", "-cf", tmp_path / "images.tar", "-C", tmp_path / "set", "."], check=True
    )
    assert contents(open_tree(tmp_path / "images.tar")) == FILES | LONG


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
        with refused("could lead outside"):
            opened(tmp_path, member(name=b"good") + content + END)


def test_folders_that_lead_elsewhere(tmp_path: Path) -> None:
    for name in (b"../up/", b"/", b"a/../b", b"//"):
        with refused("could lead outside"):
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


@pytest.mark.parametrize("name", [b"a.png", b"./a.png"])
def test_duplicate_names(tmp_path: Path, name: bytes) -> None:
    with refused("'a.png': expected distinct names, got the same name twice"):
        opened(tmp_path, member() + member(name=b"b.png") + member(name=name) + END)


def test_names_that_would_fill_memory(tmp_path: Path) -> None:
    content = b"".join(
        member(b"n" * 900 + b"%d" % i, kind=b"L") + member() for i in range(4)
    )
    with refused("names of at most 256 bytes"):
        opened(tmp_path, content + END, Limits(members=10))


def test_file_that_shrinks_after_listing(tmp_path: Path) -> None:
    tree = opened(tmp_path, member(bytes(5000)) + END)
    os.truncate(tmp_path / "images", 1000)
    with pytest.raises(DataError, match="got the end of the file"):
        tree.read("a.png")


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

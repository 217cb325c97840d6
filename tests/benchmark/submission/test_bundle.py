"""A zip is written deterministically, and read with bounds."""

import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.benchmark.submission import bundle as module
from fewbench.benchmark.submission.bundle import unpacked, write_bundle
from fewbench.benchmark.submission.bundle_bytes import bundle_sha256
from fewbench_tests.made_bundles import zip_of

FILES = {
    "submission.json": b"{}",
    "results/a.json": b"{}",
    "checkpoints/seed0.safetensors": b"abc" * 100,
}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    first = tmp_path / "a.fewbench.zip"
    second = tmp_path / "b.fewbench.zip"
    write_bundle(first, FILES)
    os.utime(first, (1, 1))
    write_bundle(second, dict(reversed(FILES.items())))

    assert first.read_bytes() == second.read_bytes()
    assert bundle_sha256(first) == bundle_sha256(second)


def test_files_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.fewbench.zip"
    write_bundle(path, FILES)

    with unpacked(path) as found:
        assert found.findings == []
        assert found.names == sorted(FILES)
        for name, data in FILES.items():
            assert (found.folder / name).read_bytes() == data
        folder = found.folder
    assert not folder.exists()


def entry(name: str, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system = 3
    made.external_attr = (kind | 0o644) << 16
    return made


def encrypted() -> bytes:
    data = bytearray(zip_of(FILES))
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = 0
        while (start := data.find(signature, start)) >= 0:
            data[start + place] |= 1
            start += 4
    return bytes(data)


def doubled() -> bytes:
    return zip_of({"results/a.json": b"1", "results/b.json": b"2"}).replace(
        b"results/b.json", b"results/a.json"
    )


def packed_as(name: str, data: bytes) -> bytes:
    return zip_of(FILES | {name: data})


def tar_of(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # pyright: ignore[reportArgumentType, reportCallIssue]
        member = tarfile.TarInfo("submission.json")
        member.size = 2
        archive.addfile(member, io.BytesIO(b"{}"))
    return buffer.getvalue()


def tar_and_zip() -> bytes:
    """A tar with a zip behind it: both a tar and, for zipfile, a zip."""
    return tar_of("w") + zip_of(FILES)


def bomb() -> bytes:
    """One small member, which unpacks to 4 MiB."""
    return packed_as("checkpoints/seed1.safetensors", bytes(4 << 20))


def lying() -> bytes:
    """A member that says it has 10 bytes, and unpacks to a million."""
    data = bytearray(packed_as("results/z.json", bytes(10**6)))
    size = struct.pack("<I", 10**6)
    assert data.count(size) == 2
    return bytes(data).replace(size, struct.pack("<I", 10))


HOSTILE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "no bytes": (lambda: b"", "container", "it is no zip"),
    "text": (lambda: b"hello", "container", "it is no zip"),
    "a tar": (lambda: tar_of("w"), "container", "it is no zip"),
    "a tar.gz": (lambda: tar_of("w:gz"), "container", "it is no zip"),
    "a tar and a zip": (tar_and_zip, "container", "it is no zip"),
    "a program and a zip": (
        lambda: b"#!/bin/sh\n" + zip_of(FILES),
        "container",
        "it is no zip",
    ),
    "cut": (lambda: zip_of(FILES)[:-30], "container", "truncated zip file"),
    "a path upwards": (
        lambda: zip_of({"../../x.json": b""}),
        "container",
        "a path that could lead outside",
    ),
    "a path upwards inside": (
        lambda: zip_of({"results/../../x.json": b""}),
        "container",
        "a path that could lead outside",
    ),
    "an absolute path": (
        lambda: zip_of({"/etc/x.json": b""}),
        "container",
        "a path that could lead outside",
    ),
    "a drive": (
        lambda: zip_of({"C:x.json": b""}),
        "container",
        "a path that could lead outside",
    ),
    "a backslash": (
        lambda: zip_of({"\\results\\x.json": b""}),
        "container",
        "a path that could lead outside",
    ),
    "a link": (
        lambda: zip_of([(entry("results/a.json", stat.S_IFLNK), b"/etc/passwd")]),
        "container",
        "a link or a device",
    ),
    "a device": (
        lambda: zip_of([(entry("results/a.json", stat.S_IFCHR), b"")]),
        "container",
        "a link or a device",
    ),
    "doubled names": (doubled, "container", "the same name twice"),
    "a password": (encrypted, "container", "an encrypted file"),
    "a ratio above 200": (bomb, "container", "as in a decompression bomb"),
    "a size that lies": (lying, "container", "checksum"),
    "too many members": (
        lambda: zip_of({f"results/{number}.json": b"" for number in range(5_001)}),
        "container",
        "at most 5,000 files",
    ),
    "small and capital letters": (
        lambda: packed_as("results/A.json", b"{}"),
        "container-name",
        "differs only in small and capital letters",
    ),
    "another folder": (
        lambda: packed_as("bin/run.sh", b""),
        "container-name",
        "no file of this name",
    ),
    "a hidden file": (
        lambda: packed_as("results/.a.json", b""),
        "container-name",
        "no hidden file",
    ),
    "a folder of macOS": (
        lambda: packed_as("__MACOSX/a", b""),
        "container-name",
        "no hidden file",
    ),
    "a terminal escape": (
        lambda: packed_as("results/\x1b[31m\u202e.json", b""),
        "container-name",
        "no file of this name",
    ),
    "a long document": (
        lambda: zip_of({"submission.json": os.urandom(1 << 16) * 17}),
        "container-size",
        "at most 1,048,576 bytes",
    ),
    "no .npz": (
        lambda: packed_as("results/a.npz", tar_of("w")),
        "container",
        "it is no .npz",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_zip_is_refused(name: str, tmp_path: Path) -> None:
    make, code, words = HOSTILE[name]
    path = tmp_path / "folder" / "a.fewbench.zip"
    path.parent.mkdir()
    path.write_bytes(make())

    with unpacked(path) as found:
        said = [(finding.code, finding.what) for finding in found.findings]
        [(got, what)] = [one for one in said if words in one[1]]
        inside = set(found.folder.rglob("*"))

    assert got == code
    assert not any(one.is_symlink() for one in inside)
    assert "Download" not in what
    assert str(tmp_path) not in what
    for finding in found.findings:
        assert finding.line.isprintable()
        assert ".." not in finding.line.replace("../", "")
    assert list(tmp_path.iterdir()) == [path.parent]


def test_the_other_files_of_a_damaged_bundle_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.fewbench.zip"
    write_bundle(path, FILES)
    path.write_bytes(path.read_bytes().replace(b"abc", b"abd"))

    with unpacked(path) as found:
        assert found.names == ["results/a.json", "submission.json"]
        [finding] = found.findings
    assert finding.where == "checkpoints/seed0.safetensors"


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("limit", "most", "name", "data", "words"),
    [
        ("_MOST_UNPACKED", 99, "training/seed1/a.log", b"a" * 98, "all files"),
        ("_LARGEST_TEXT", 9, "results/b.json", b"{" * 10, "at most 9 bytes, got 10"),
        ("_MOST_TEXT", 9, "results/b.json", b"{" * 7, "documents and logs together"),
        ("_MOST_ARRAYS", 999, "results/b.npz", npz(a=np.zeros(999)), "all arrays"),
    ],
)
def test_too_much_in_all_is_refused(
    limit: str,
    most: int,
    name: str,
    data: bytes,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, limit, most)
    path = tmp_path / "a.fewbench.zip"
    write_bundle(path, {"results/A.json": b"{}x", name: data})

    with unpacked(path) as found:
        assert name not in found.names
        assert not (found.folder / name).exists()
    [finding] = [one for one in found.findings if one.where == name]
    assert finding.code == "container-size"
    assert words in finding.what


def test_arrays_that_unpack_to_gigabytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.fewbench.zip"
    zeros = npz(a=np.zeros(10**7, np.uint8))
    write_bundle(path, {f"results/{number}.npz": zeros for number in range(30)})

    with unpacked(path) as found:
        assert 20 < len(found.names) < 28
    assert {finding.code for finding in found.findings} == {"container-size"}

"""What a file is, told from its first bytes."""

import bz2
import gzip
import lzma
import pickle
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.archives.signatures import (
    describe_content,
    describe_head,
    kind_of,
    looks_like_page,
    start_text,
)
from fewbench_tests.small_archives import (
    FILES,
    write_folder,
    write_tar,
    write_zip,
)


def test_page_recognition() -> None:
    assert looks_like_page(b"\n<?xml version='1.0'?><Error>AccessDenied</Error>")
    assert not looks_like_page(b"PK\x03\x04<html>")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello\n", '"hello"'),
        (b"Rar!\x1a\x07 and more of it", '"Rar!.. and more"'),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\0", "the bytes ff d8 ff e0 00 10 4a 46"),
    ],
)
def test_the_start_is_text_or_else_numbers(data: bytes, words: str) -> None:
    assert start_text(data) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.gz", "a gzip file"),
        ("a.bz2", "a bzip2 file"),
        ("a.xz", "an xz file"),
        ("a.tar", "a tar file"),
        ("a.zip", "a zip file"),
        ("a.npy", "a NumPy .npy file"),
        ("a.npz", "a NumPy .npz file"),
        ("a.h5", "an HDF5 file"),
        ("a.pkl", "a pickle file"),
        ("a.pkl5", "a pickle file"),
        ("a.txt", 'a file that starts with "text"'),
    ],
)
def test_content_in_words(tmp_path: Path, name: str, words: str) -> None:
    contents = {
        "a.gz": gzip.compress(b"data"),
        "a.bz2": bz2.compress(b"data"),
        "a.xz": lzma.compress(b"data"),
        "a.h5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "a.pkl": pickle.dumps([1], 2),
        "a.pkl5": pickle.dumps([1], 5),
        "a.txt": b"text",
    }
    write_tar(tmp_path / "a.tar", FILES)
    write_zip(tmp_path / "a.zip", FILES)
    np.save(tmp_path / "a.npy", np.arange(3))
    np.savez(tmp_path / "a.npz", images=np.arange(3))
    write_folder(tmp_path, contents)
    assert describe_content(tmp_path / name) == words


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04", "zip"),
        (b"PK".ljust(257) + b"ustar", "tar"),
        (b"\x80\x01", None),
        (b"\x80\x05", "pickle"),
        (b"\x80\x06", None),
        (b"", None),
    ],
)
def test_kind_of(head: bytes, kind: str | None) -> None:
    assert kind_of(head) == kind


def test_an_unknown_head_is_shown_in_part() -> None:
    assert describe_head(b"0123456789abcdef and more") == (
        'a file that starts with "0123456789abcdef"'
    )
    assert describe_head(b"") == "an empty file"
    assert describe_head(b"<html>").startswith("a web page")

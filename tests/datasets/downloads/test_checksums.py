"""Checksums: the official one, the recorded one, and a file that differs."""

import hashlib
from pathlib import Path

import pytest

from fewbench.datasets.downloads.checksums import Expected, file_digest
from fewbench.datasets.downloads.fetch import fetch, recorded_check
from fewbench.datasets.info import DataError, Source
from fewbench_tests.downloads import (
    CONTENT,
    FLIPPED,
    MD5,
    PAGE,
    SHA256,
    SIZE,
    listed,
    source,
)
from fewbench_tests.servers import Server


def test_checksum_of_the_first_download_is_recorded_and_compared(
    server: Server, tmp_path: Path
) -> None:
    unpublished = Source("images.zip", (f"{server.address}/good",))
    path = fetch(unpublished, tmp_path)
    assert path.read_bytes() == CONTENT
    assert (tmp_path / "images.zip.sha256").read_text() == f"{SHA256}  images.zip\n"
    assert listed(tmp_path) == ["images.zip", "images.zip.sha256"]
    assert fetch(unpublished, tmp_path, offline=True) == path
    told = recorded_check(path, unpublished)
    assert (
        told == f"images.zip: sha256 {SHA256} is the checksum of the first download, "
        "because none is published"
    )

    path.write_bytes(FLIPPED.body)
    with pytest.raises(
        DataError,
        match=f"expected sha256 {SHA256}.*first download.*got a file with sha256 ",
    ):
        fetch(unpublished, tmp_path)


def test_another_download_must_equal_the_first(server: Server, tmp_path: Path) -> None:
    fetch(Source("images.zip", (f"{server.address}/good",)), tmp_path).unlink()
    replaced = Source("images.zip", (f"{server.address}/flipped",))
    with pytest.raises(
        DataError, match="it served a file with sha256 [0-9a-f]{64}"
    ) as caught:
        fetch(replaced, tmp_path)
    remedy = f"rm {tmp_path / 'images.zip.sha256'}"
    assert str(caught.value).endswith(f"accept the new one: {remedy}")
    assert listed(tmp_path) == ["images.zip.sha256"]

    (tmp_path / "images.zip.sha256").unlink()
    assert fetch(replaced, tmp_path).read_bytes() == FLIPPED.body


@pytest.mark.parametrize(
    "damaged", [b"", b"\0" * 70, SHA256[:-1].encode() + b"  images.zip\n"]
)
def test_damaged_checksum_file_is_refused(
    server: Server, tmp_path: Path, damaged: bytes
) -> None:
    unpublished = Source("images.zip", (f"{server.address}/good",))
    path = fetch(unpublished, tmp_path)
    (tmp_path / "images.zip.sha256").write_bytes(damaged)
    for look in (
        lambda: fetch(unpublished, tmp_path),
        lambda: recorded_check(path, unpublished),
    ):
        with pytest.raises(
            DataError, match=r"images\.zip\.sha256: damaged .* 64 hexadecimal digits"
        ):
            look()


def test_recorded_check_knows_the_official_md5_and_when_there_is_none(
    server: Server, tmp_path: Path
) -> None:
    path = fetch(source(server, "good"), tmp_path)
    assert (
        recorded_check(path, source(server))
        == f"images.zip: md5 {MD5} is the official checksum"
    )
    told = recorded_check(path, Source("images.zip"))
    assert told == "images.zip: no checksum is published, and none was recorded"


def test_file_digest_that_cannot_be_computed_is_an_error_to_mend(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert file_digest(path, "md5") == hashlib.md5(b"content").hexdigest()
    assert file_digest(path, "sha256") == hashlib.sha256(b"content").hexdigest()
    with pytest.raises(DataError, match="cannot compute its md5"):
        file_digest(tmp_path / "none", "md5")


def test_expectations_are_told_in_words() -> None:
    assert str(Expected(5000)) == "5,000 bytes"
    assert "no checksum is published" in str(Expected())
    full = Expected(5, "md5", MD5, "the official one")
    assert str(full) == f"5 bytes with md5 {MD5} (the official one)"


def test_first_fault_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    path.write_bytes(CONTENT)
    assert Expected().fault(path) is None
    assert Expected(SIZE, "md5", MD5).fault(path) is None
    assert Expected(5).fault(path) == f"{SIZE:,} bytes"
    assert Expected(SIZE, "md5", "0" * 32).fault(path) == f"a file with md5 {MD5}"
    path.write_bytes(PAGE)
    assert "web page" in (Expected().fault(path) or "")


def test_only_a_checksum_that_we_recorded_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "my images.zip"
    assert Expected(5, "md5", MD5, "the official one").hints(path) == []
    [hint] = Expected(5, "sha256", SHA256, "ours").hints(path)
    assert hint.endswith(f"rm '{path}.sha256'")

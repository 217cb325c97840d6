"""The record of a file on Zenodo tells its size and md5."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.datasets.downloads.fetch import fetch, recorded_check
from fewbench.datasets.info import DataError, Source
from fewbench_tests.downloads import (
    CONTENT,
    FLIPPED,
    MD5,
    PAGE,
    SHA256,
    listed,
    source,
)
from fewbench_tests.servers import Answer, Server

ENTRIES = {
    "list": {"key": "images.zip", "size": len(CONTENT), "checksum": f"md5:{MD5}"},
    "old": {
        "filename": "images.zip",
        "filesize": len(CONTENT),
        "checksum": MD5.upper(),
    },
}


def zenodo(server: Server, entry: dict[str, object]) -> str:
    files = [{"key": "other.zip", "checksum": 7}, {"id": "x", **entry}]
    return server.on("/record", Answer(json.dumps({"id": 1, "files": files}).encode()))


@pytest.mark.parametrize("spelling", ENTRIES)
def test_record_tells_size_and_checksum(
    server: Server, tmp_path: Path, spelling: str
) -> None:
    urls = (
        f"{server.address}/short",
        f"{server.address}/flipped",
        f"{server.address}/good",
    )
    recorded = Source("images.zip", urls, record=zenodo(server, ENTRIES[spelling]))
    path = fetch(recorded, tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.paths() == ["/record", "/short", "/flipped", "/good"]
    assert (tmp_path / "images.zip.md5").read_text() == f"{MD5}  images.zip\n"
    assert listed(tmp_path) == ["images.zip", "images.zip.md5"]
    told = recorded_check(path, recorded)
    assert told == f"images.zip: md5 {MD5} is the checksum in its Zenodo record"

    assert fetch(recorded, tmp_path) == fetch(recorded, tmp_path, offline=True)
    assert len(server.asked) == 4
    path.write_bytes(FLIPPED.body)
    with pytest.raises(
        DataError, match=f"expected md5 {MD5} .*Zenodo record.*got a file with md5 "
    ):
        fetch(recorded, tmp_path, offline=True)


def test_file_placed_by_hand_is_compared_with_the_record(
    server: Server, tmp_path: Path
) -> None:
    placed = Source("images.zip", record=zenodo(server, ENTRIES["list"]))
    (tmp_path / "images.zip").write_bytes(FLIPPED.body)
    fetch(placed, tmp_path, offline=True)
    with pytest.raises(
        DataError, match=f"expected {len(CONTENT):,} bytes with md5 {MD5}"
    ):
        fetch(placed, tmp_path)


def test_record_is_not_asked_for_what_is_known(server: Server, tmp_path: Path) -> None:
    fetch(replace(source(server, "good"), record=f"{server.address}/record"), tmp_path)
    assert server.paths() == ["/good"]


def test_record_completes_the_size_but_never_overrules_the_md5(
    server: Server, tmp_path: Path
) -> None:
    other = {"key": "images.zip", "size": len(CONTENT), "checksum": "md5:" + "0" * 32}
    known = Source(
        "images.zip", (f"{server.address}/short", f"{server.address}/good"), MD5
    )
    fetch(replace(known, record=zenodo(server, other)), tmp_path)
    assert server.paths() == ["/record", "/short", "/good"]
    assert listed(tmp_path) == ["images.zip"]


@pytest.mark.parametrize(
    "record",
    [
        Answer(status=404),
        Answer(status=500),
        Answer(PAGE),
        Answer(b'{"files": ['),
        Answer(b'{"files": {"key": "images.zip"}}'),
        Answer(b'{"files": [{"key": "other.zip"}]}'),
        Answer(b'{"files": [{"key": "images.zip", "size": -1, "checksum": "md5:12"}]}'),
        Answer(b"[" * 100_000),
        Answer(b" " * 2**22 + json.dumps({"files": [ENTRIES["list"]]}).encode()),
    ],
)
def test_record_that_tells_nothing_is_not_fatal(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, record: Answer
) -> None:
    recorded = Source(
        "images.zip", (f"{server.address}/good",), record=server.on("/r", record)
    )
    path = fetch(recorded, tmp_path, timeout=0.5)
    assert path.read_bytes() == CONTENT
    assert f"{server.address}/r: gives no checksum for images.zip: " in caplog.text
    assert SHA256 in recorded_check(path, recorded)
    asked = len(server.asked)
    fetch(recorded, tmp_path)
    assert len(server.asked) == asked

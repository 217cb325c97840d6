"""fetch against real HTTP servers: which address, which checksum, what is told, what stays."""

import errno
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pooch
import pytest

from fewbench.datasets.downloads.fetch import fetch, recorded_check
from fewbench.datasets.info import DataError, Source
from fewbench_tests.servers import Answer, Proxy, Server, serving

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 1200
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PAGE = b"<!DOCTYPE html><html><title>Drive &amp; Co: \n quota</title><body>exceeded</body></html>"
GOOD = Answer(CONTENT)
FLIPPED = Answer(CONTENT[:-1] + b"\0")
ANSWERS = {
    "good": GOOD,
    "page": Answer(PAGE),
    "empty": Answer(b""),
    "short": Answer(CONTENT[:-1]),
    "long": Answer(CONTENT + b"\0"),
    "flipped": FLIPPED,
    "cut": Answer(CONTENT, cut=1000, ranges=False),
    "silent": Answer(CONTENT, stall=0),
    "unannounced": Answer(CONTENT * 50, declared=-1),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serving(Server()) as server:
        for name, answer in ANSWERS.items():
            server.on(f"/{name}", answer)
        for code in (401, 403, 404, 410, 418, 429, 500):
            server.on(f"/{code}", Answer(status=code))
        yield server


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def source(server: Server, *names: str) -> Source:
    urls = tuple(f"{server.address}/{name}" for name in names)
    return Source("images.zip", urls, MD5, len(CONTENT))


def listed(folder: Path) -> list[str]:
    """What a user sees there; the lock is hidden."""
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


# What works


def test_file_arrives_under_its_name(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    path = fetch(source(server, "good"), folder)
    assert path == folder / "images.zip"
    assert path.read_bytes() == CONTENT
    assert listed(folder) == ["images.zip"]
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_file_that_is_there_is_not_downloaded_again(
    server: Server, tmp_path: Path
) -> None:
    for offline in (False, False, True):
        fetch(source(server, "good"), tmp_path, offline=offline)
    assert server.paths() == ["/good"]


def test_addresses_are_tried_in_order_until_one_works(
    server: Server, tmp_path: Path
) -> None:
    path = fetch(
        source(server, "404", "page", "flipped", "short", "good", "500"), tmp_path
    )
    assert path.read_bytes() == CONTENT
    assert server.paths() == ["/404", "/page", "/flipped", "/short", "/good"]
    assert listed(tmp_path) == ["images.zip"]


def test_checksum_in_capitals_is_the_same_checksum(
    server: Server, tmp_path: Path
) -> None:
    capitals = Source("images.zip", (f"{server.address}/good",), MD5.upper())
    assert fetch(capitals, tmp_path) == fetch(capitals, tmp_path)
    assert server.paths() == ["/good"]


def test_progress_counts_bytes_up_to_the_whole(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetch(
        source(server, "good"),
        tmp_path,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(set(seen))
    assert seen[0] == (0, len(CONTENT))
    assert len(seen) > 3
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_nothing_is_printed(
    server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    level = pooch.get_logger().level
    fetch(source(server, "404", "good"), tmp_path)
    fetch(Source("other.zip", (f"{server.address}/good",)), tmp_path)
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level == level


def test_server_is_told_who_asks(server: Server, tmp_path: Path) -> None:
    fetch(source(server, "good"), tmp_path)
    assert str(server.header("User-Agent")[0]).startswith("fewbench/")


# What fails


@pytest.mark.parametrize(
    ("name", "reason", "attempts"),
    [
        ("404", r"HTTP 404 Not Found \(nothing at this address\)", 1),
        ("403", r"HTTP 403 Forbidden \(access refused\)", 1),
        ("401", r"HTTP 401 Unauthorized \(a sign-in is needed\)", 1),
        ("410", r"HTTP 410 Gone \(no longer at this address\)", 1),
        ("418", r"HTTP 418 I'm a Teapot \(refused\)", 1),
        (
            "429",
            r"HTTP 429 Too Many Requests \(too many downloads.*\) \(6 attempts\)",
            6,
        ),
        (
            "500",
            r"HTTP 500 Internal Server Error \(the server fails\) \(6 attempts\)",
            6,
        ),
        ("page", 'a web page in place of the archive, titled "Drive & Co: quota": ', 1),
        ("empty", "a file of 0 bytes", 1),
        ("short", f"a file of {len(CONTENT) - 1:,} bytes", 1),
        ("long", f"a file of {len(CONTENT) + 1:,} bytes", 1),
        ("cut", r"the connection failed: .*1000 bytes read.* \(6 attempts\)", 6),
        ("flipped", f"expected md5:{MD5} but got [0-9a-f]{{32}}", 1),
        ("unannounced", r"/unannounced: [\d,]+ bytes", 1),
        ("silent", r"no answer within 0.3 seconds \(6 attempts\)", 6),
    ],
)
def test_failure_says_why_and_what_to_do(
    server: Server, tmp_path: Path, name: str, reason: str, attempts: int
) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        fetch(
            source(server, name),
            tmp_path,
            timeout=0.3,
            command="fewbench data build omniglot",
        )
    told = str(caught.value)
    start = (
        f"{tmp_path / 'images.zip'}: no address served it:\n  {server.address}/{name}: "
    )
    assert told.startswith(start)
    assert (
        f"\nExpected {len(CONTENT):,} bytes with md5 {MD5} (the official one)" in told
    )
    assert f"2. Place images.zip, as it is, as {tmp_path / 'images.zip'}\n" in told
    assert told.endswith("3. Type: fewbench data build omniglot")
    assert server.paths() == [f"/{name}"] * attempts
    assert "images.zip" not in listed(tmp_path)
    kept = (tmp_path / "images.zip.part").exists()
    assert kept == (name == "cut")
    assert ("The 1,000 bytes that have arrived are kept" in told) == (name == "cut")


def test_page_whose_head_comes_in_small_pieces_is_recognised(
    server: Server, tmp_path: Path
) -> None:
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in b"\n" + PAGE) + b"0\r\n\r\n"
    url = server.on(
        "/", Answer(pieces, headers={"Transfer-Encoding": "chunked"}, declared=-1)
    )
    with pytest.raises(DataError, match="a web page in place of the archive"):
        fetch(Source("images.zip", (url,)), tmp_path)
    assert listed(tmp_path) == []


def test_every_address_is_listed_with_its_own_reason(
    server: Server, tmp_path: Path, closed_port: int
) -> None:
    urls = (
        f"{server.address}/404",
        f"{server.address}/page",
        f"http://127.0.0.1:{closed_port}/refused",
        "gopher://old.invalid/images.zip",
        "not an address",
        "http://[half/an/address",
    )
    with pytest.raises(DataError) as caught:
        fetch(Source("images.zip", urls, MD5), tmp_path, timeout=0.5)
    reasons = ("HTTP 404", "web page", "refused (2 attempts)", *["not an address"] * 3)
    lines = str(caught.value).splitlines()[1 : 1 + len(urls)]
    assert [line.split(": ")[0].strip() for line in lines] == list(urls)
    for line, reason in zip(lines, reasons, strict=True):
        assert reason in line


def test_endless_body_is_not_read_to_the_end(server: Server, tmp_path: Path) -> None:
    seen: list[int] = []
    with pytest.raises(DataError, match="unannounced"):
        fetch(
            source(server, "unannounced"),
            tmp_path,
            progress=lambda done, _: seen.append(done),
        )
    assert len(CONTENT) < max(seen) <= len(CONTENT) + 2**16


def test_offline_or_without_address(server: Server, tmp_path: Path) -> None:
    registered = replace(source(server, "good"), by_hand="register at example.org")
    with pytest.raises(DataError, match="--offline") as caught:
        fetch(registered, tmp_path, offline=True)
    assert f"1. Either download {server.address}/good in a browser; or register" in str(
        caught.value
    )
    with pytest.raises(DataError, match="no address is known") as caught:
        fetch(replace(registered, urls=()), tmp_path)
    assert "\n  1. register at example.org.\n" in str(caught.value)
    with pytest.raises(DataError, match="no address is known") as caught:
        fetch(Source("images.zip"), tmp_path / "a b", offline=True)
    assert "1. Get images.zip from who published it." in str(caught.value)
    assert f"Type: fewbench data build NAME --source '{tmp_path}/a b'" in str(
        caught.value
    )
    assert not server.asked
    assert listed(tmp_path) == []


def test_full_disk_is_not_blamed_on_the_addresses(
    server: Server, tmp_path: Path
) -> None:
    def fill_up(done: int, total: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match=r"No space left on device.*--root DIR"):
        fetch(source(server, "good", "good"), tmp_path, progress=fill_up)
    assert "images.zip" not in listed(tmp_path)
    assert server.paths() == ["/good"]


@pytest.mark.parametrize("size", [None, 10**15])
def test_file_larger_than_the_free_space_is_refused_before_it_comes(
    server: Server, tmp_path: Path, size: int | None
) -> None:
    url = server.on("/huge", Answer(CONTENT, declared=10**15))
    seen: list[int] = []
    reason = (
        r"1,000,000,000,000,000 bytes are to come from .*/huge, [\d,]+ bytes are free"
    )
    with pytest.raises(DataError, match=reason):
        fetch(
            Source("images.zip", (url, url), MD5, size),
            tmp_path,
            progress=lambda done, _: seen.append(done),
        )
    assert server.paths() == ["/huge"]
    assert seen == []


def test_folder_that_is_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "folder").write_bytes(b"")
    with pytest.raises(DataError, match="a folder that you may write to"):
        fetch(source(server, "good"), tmp_path / "folder")


def test_second_download_of_the_same_file_at_once_is_refused(
    server: Server, tmp_path: Path
) -> None:
    told: list[str] = []

    def download_too(done: int, total: int) -> None:
        with pytest.raises(DataError) as caught:
            fetch(source(server, "good"), tmp_path)
        told.append(str(caught.value))

    path = fetch(source(server, "good"), tmp_path, progress=download_too)
    assert path.read_bytes() == CONTENT
    assert "another process is downloading it" in told[0]
    assert server.paths() == ["/good"]


# A wrong file under the final name


@pytest.mark.parametrize(
    ("present", "got"),
    [
        (PAGE, "a web page in place of the archive"),
        (b"", "an empty file"),
        (CONTENT[:-9], f"{len(CONTENT) - 9:,} bytes"),
        (CONTENT[:-1] + b"\0", "md5 "),
    ],
)
def test_wrong_file_is_refused_and_left_alone(
    server: Server, tmp_path: Path, present: bytes, got: str
) -> None:
    path = tmp_path / "images.zip"
    path.write_bytes(present)
    with pytest.raises(DataError, match=f"got {got}") as caught:
        fetch(source(server, "good"), tmp_path)
    assert f"fewbench data build NAME --source {tmp_path}" in str(caught.value)
    assert path.read_bytes() == present
    assert not server.asked


def test_folder_in_place_of_the_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "images.zip").mkdir()
    with pytest.raises(DataError, match="Is a directory"):
        fetch(source(server, "good"), tmp_path)
    assert listed(tmp_path / "images.zip") == []


# Where no checksum is published


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
        told
        == f"images.zip: sha256 {SHA256} is the one of the first download, none is published"
    )

    path.write_bytes(FLIPPED.body)
    with pytest.raises(
        DataError, match=f"expected sha256 {SHA256}.*first download.*got sha256 "
    ):
        fetch(unpublished, tmp_path)


def test_another_download_must_equal_the_first(server: Server, tmp_path: Path) -> None:
    fetch(Source("images.zip", (f"{server.address}/good",)), tmp_path).unlink()
    replaced = Source("images.zip", (f"{server.address}/flipped",))
    with pytest.raises(DataError, match="SHA256 hash") as caught:
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
            DataError, match=r"images\.zip\.sha256: expected 64 hexadecimal digits"
        ):
            look()


def test_recorded_check_knows_the_official_md5_and_when_there_is_none(
    server: Server, tmp_path: Path
) -> None:
    path = fetch(source(server, "good"), tmp_path)
    assert (
        recorded_check(path, source(server))
        == f"images.zip: md5 {MD5} is the official one"
    )
    told = recorded_check(path, Source("images.zip"))
    assert told == "images.zip: no checksum is published, and none was recorded"


# What a Zenodo record tells

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


@pytest.mark.parametrize("form", ENTRIES)
def test_record_tells_size_and_checksum(
    server: Server, tmp_path: Path, form: str
) -> None:
    urls = (
        f"{server.address}/short",
        f"{server.address}/flipped",
        f"{server.address}/good",
    )
    recorded = Source("images.zip", urls, record=zenodo(server, ENTRIES[form]))
    path = fetch(recorded, tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.paths() == ["/record", "/short", "/flipped", "/good"]
    assert (tmp_path / "images.zip.md5").read_text() == f"{MD5}  images.zip\n"
    assert listed(tmp_path) == ["images.zip", "images.zip.md5"]
    told = recorded_check(path, recorded)
    assert told == f"images.zip: md5 {MD5} is the one of its Zenodo record"

    assert fetch(recorded, tmp_path) == fetch(recorded, tmp_path, offline=True)
    assert len(server.asked) == 4
    path.write_bytes(FLIPPED.body)
    with pytest.raises(
        DataError, match=f"expected md5 {MD5} .*Zenodo record.*got md5 "
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
    assert f"{server.address}/r: tells no checksum of images.zip: " in caplog.text
    assert SHA256 in recorded_check(path, recorded)
    asked = len(server.asked)
    fetch(recorded, tmp_path)
    assert len(server.asked) == asked


# Proxies


def test_proxy_of_the_environment_is_used(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Proxy()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.setenv("http_proxy", proxy.address)
        assert (
            fetch(source(server, "good"), tmp_path / "by proxy").read_bytes() == CONTENT
        )
        assert proxy.asked == [f"{server.address}/good"]

        monkeypatch.setenv("no_proxy", "127.0.0.1")
        fetch(source(server, "good"), tmp_path / "direct")
        assert len(proxy.asked) == 1
        assert server.paths() == ["/good"] * 2


def test_proxy_for_https_is_used_and_named_when_it_refuses(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Proxy()) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        with pytest.raises(
            DataError, match="the proxy that the environment names failed: .*403"
        ):
            fetch(
                Source("images.zip", ("https://mirror.invalid/good",)),
                tmp_path,
                timeout=0.5,
            )
    assert set(proxy.asked) == {"mirror.invalid:443"}

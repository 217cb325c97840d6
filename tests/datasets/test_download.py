"""fetch against a real HTTP server that serves the file, or fails in every way servers fail."""

import errno
import hashlib
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest

from fewbench.datasets.download import fetch
from fewbench.datasets.info import DataError, Source

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 1200
MD5 = hashlib.md5(CONTENT).hexdigest()
PAGE = b"<!DOCTYPE html><html><body>Quota exceeded</body></html>"
BY_HAND = "place images.zip in a folder DIR, then type: fewbench data build NAME --source DIR"


class Server(ThreadingHTTPServer):
    """Serves one behaviour for each path, and counts the requests."""

    daemon_threads = False  # so that closing the server waits for its threads

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.requests: Counter[str] = Counter()
        self.released = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests[self.path] += 1
        with suppress(ConnectionError):  # some of the tests make the client hang up
            self.answer(self.path.rsplit("/", 1)[-1])

    def answer(self, behaviour: str) -> None:
        if behaviour.isdigit():
            self.send_error(int(behaviour))
        elif behaviour == "moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
        elif behaviour == "silent":
            self.server.released.wait(5)
        elif behaviour == "endless":
            self.send(CONTENT * 50)
        else:
            body = {"page": PAGE, "empty": b"", "flipped": CONTENT[:-1] + b"\0"}
            body["short"] = CONTENT[:-1]
            served = body.get(behaviour, CONTENT)
            self.send(served[:1000] if behaviour == "cut" else served, len(served))

    def send(self, body: bytes, declared: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) if declared is None else declared))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def source(server: Server, *behaviours: str) -> Source:
    urls = tuple(f"{server.address}/{behaviour}" for behaviour in behaviours)
    return Source("images.zip", urls, MD5, len(CONTENT))


# What works


@pytest.mark.parametrize("behaviour", ["good", "moved"])
def test_file_arrives_under_its_name(server: Server, tmp_path: Path, behaviour: str) -> None:
    folder = tmp_path / "new" / "folder"
    path = fetch(source(server, behaviour), folder)
    assert path == folder / "images.zip"
    assert path.read_bytes() == CONTENT
    assert os.listdir(folder) == ["images.zip"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_file_that_is_there_is_not_downloaded_again(server: Server, tmp_path: Path) -> None:
    for offline in (False, False, True):
        fetch(source(server, "good"), tmp_path, offline=offline)
    assert server.requests == {"/good": 1}


def test_addresses_are_tried_in_order_until_one_works(server: Server, tmp_path: Path) -> None:
    path = fetch(source(server, "404", "page", "flipped", "good", "500"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requests == {"/404": 1, "/page": 1, "/flipped": 1, "/good": 1}
    assert os.listdir(tmp_path) == ["images.zip"]


def test_file_without_published_facts(server: Server, tmp_path: Path) -> None:
    path = fetch(Source("images.zip", (f"{server.address}/good",)), tmp_path)
    assert path.read_bytes() == CONTENT


def test_checksum_in_capitals_is_the_same_checksum(server: Server, tmp_path: Path) -> None:
    capitals = Source("images.zip", (f"{server.address}/good",), MD5.upper())
    assert fetch(capitals, tmp_path) == fetch(capitals, tmp_path)
    assert server.requests["/good"] == 1


def test_progress_counts_bytes_up_to_the_whole(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetch(source(server, "good"), tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(set(seen))
    assert len(seen) > 2
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_nothing_is_printed(
    server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    level = pooch.get_logger().level
    fetch(source(server, "404", "good"), tmp_path)
    fetch(Source("other.zip", (f"{server.address}/good",)), tmp_path)
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level == level


def test_proxy_of_the_environment_is_used(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    elsewhere = Source("images.zip", ("http://mirror.invalid/good",), MD5)
    assert fetch(elsewhere, tmp_path).read_bytes() == CONTENT
    assert server.requests == {"http://mirror.invalid/good": 1}


# What fails


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("404", r"HTTP 404 Not Found \(nothing at this address\)"),
        ("403", r"HTTP 403 Forbidden \(access refused\)"),
        ("401", r"HTTP 401 Unauthorized \(a sign-in is needed\)"),
        ("429", r"HTTP 429 Too Many Requests \(too many downloads"),
        ("500", r"HTTP 500 Internal Server Error \(the server fails\)"),
        ("418", r"HTTP 418 I'm a Teapot \(refused\)"),
        ("page", "a web page in place of the archive"),
        ("empty", "an empty file"),
        ("short", f"{len(CONTENT) - 1:,} bytes"),
        ("cut", "the request failed: .*1000 bytes read"),
        ("flipped", f"expected md5:{MD5} but got "),
        ("endless", r"/endless: [\d,]+ bytes"),
        ("silent", "no answer within 0.2 seconds"),
    ],
)
def test_failure_says_why_and_what_to_do(
    server: Server, tmp_path: Path, behaviour: str, reason: str
) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        fetch(source(server, behaviour), tmp_path, timeout=0.2)
    told = str(caught.value)
    assert told.startswith(str(tmp_path / "images.zip"))
    assert f"{server.address}/{behaviour}: " in told
    assert f"Expected {len(CONTENT):,} bytes with md5 {MD5}" in told
    assert BY_HAND in told
    assert os.listdir(tmp_path) == []


def test_every_address_is_listed_with_its_own_reason(
    server: Server, tmp_path: Path, closed_port: int
) -> None:
    urls = (
        f"{server.address}/404",
        f"{server.address}/page",
        f"http://127.0.0.1:{closed_port}/refused",
        "gopher://old.invalid/images.zip",
        "not an address",
    )
    with pytest.raises(DataError) as caught:
        fetch(Source("images.zip", urls, MD5), tmp_path)
    lines = [line for line in str(caught.value).splitlines() if line.startswith("  ")]
    assert [line.split(": ")[0].strip() for line in lines] == list(urls)
    for line, reason in zip(lines, ("HTTP 404", "web page", "refused", "", ""), strict=True):
        assert reason in line


def test_endless_body_is_not_read_to_the_end(server: Server, tmp_path: Path) -> None:
    seen: list[int] = []
    with pytest.raises(DataError, match="endless"):
        fetch(source(server, "endless"), tmp_path, progress=lambda done, _: seen.append(done))
    assert max(seen) <= len(CONTENT) + 2**16


def test_offline_or_without_address(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--offline") as caught:
        fetch(source(server, "good"), tmp_path, offline=True)
    assert BY_HAND in str(caught.value)
    assert not server.requests
    with pytest.raises(DataError, match="no address is known") as caught:
        fetch(Source("images.zip"), tmp_path)
    assert BY_HAND in str(caught.value)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_interruption_leaves_nothing(
    server: Server, tmp_path: Path, interruption: type[BaseException]
) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > total // 2:
            raise interruption

    with pytest.raises(interruption):
        fetch(source(server, "good", "good"), tmp_path, progress=interrupt)
    assert os.listdir(tmp_path) == []
    assert server.requests["/good"] == 1
    assert fetch(source(server, "good"), tmp_path).read_bytes() == CONTENT


def test_full_disk_is_not_blamed_on_the_addresses(server: Server, tmp_path: Path) -> None:
    def fill_up(done: int, total: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match=r"No space left on device.*--root DIR"):
        fetch(source(server, "good", "good"), tmp_path, progress=fill_up)
    assert os.listdir(tmp_path) == []
    assert server.requests["/good"] == 1


def test_folder_that_is_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "folder").write_bytes(b"")
    with pytest.raises(DataError, match="a folder that you may write to"):
        fetch(source(server, "good"), tmp_path / "folder")


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
    assert not server.requests


def test_folder_in_place_of_the_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "images.zip").mkdir()
    with pytest.raises(DataError, match="Is a directory"):
        fetch(source(server, "good"), tmp_path)
    assert os.listdir(tmp_path / "images.zip") == []

"""fetch against real HTTP servers: which address, which checksum, what is told, what stays."""

import errno
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.datasets.downloads.fetch import fetch
from fewbench.datasets.info import DataError, Source
from fewbench.locks import Busy
from fewbench_tests.downloads import (
    CONTENT,
    MD5,
    PAGE,
    listed,
    source,
)
from fewbench_tests.progress import SeenProgress
from fewbench_tests.servers import Answer, Server


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
    progress = SeenProgress()
    fetch(source(server, "good"), tmp_path, progress=progress)
    seen = [(done, total) for _, done, total in progress.steps]
    assert seen == sorted(set(seen))
    assert seen[0] == (0, len(CONTENT))
    assert len(seen) > 3
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_nothing_is_printed(
    server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fetch(source(server, "404", "good"), tmp_path)
    fetch(Source("other.zip", (f"{server.address}/good",)), tmp_path)
    assert capfd.readouterr() == ("", "")


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
        ("flipped", "it served a file with md5 [0-9a-f]{32}", 1),
        ("unannounced", r"/unannounced: it served [\d,]+ bytes", 1),
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
    path = tmp_path / "images.zip"
    start = f"{path}: no address served the right file:\n  {server.address}/{name}: "
    assert told.startswith(start)
    assert (
        f"\nExpected {len(CONTENT):,} bytes with md5 {MD5} (the official checksum)"
        in told
    )
    assert f"2. Save images.zip, without unpacking it, as {path}\n" in told
    assert told.endswith("3. Type: fewbench data build omniglot")
    assert server.paths() == [f"/{name}"] * attempts
    assert "images.zip" not in listed(tmp_path)
    kept = (tmp_path / "images.zip.part").exists()
    assert kept == (name == "cut")
    assert ("The 1,000 bytes that have arrived are kept" in told) == (name == "cut")


@pytest.mark.parametrize("answer", [b'{"error": "quota"}', b'\n{ "a": 1}', b"{}"])
def test_an_error_document_is_no_file_even_without_a_checksum(
    server: Server, tmp_path: Path, answer: bytes
) -> None:
    url = server.on("/error", Answer(answer))
    with pytest.raises(DataError, match="probably an error message"):
        fetch(Source("images.pkl", (url,)), tmp_path)
    assert listed(tmp_path) == []


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
    seen = SeenProgress()
    with pytest.raises(DataError, match="unannounced"):
        fetch(source(server, "unannounced"), tmp_path, progress=seen)
    assert len(CONTENT) < max(seen.done) <= len(CONTENT) + 2**16


def test_body_without_end_is_given_up_where_no_file_can_be_so_large(
    server: Server, tmp_path: Path
) -> None:
    url = server.on("/endless", Answer(bytes(10**6), declared=-1))
    unknown = Source("images.zip", (url,), most_bytes=10**5)
    with pytest.raises(DataError, match="it sent more than the 100,000 bytes"):
        fetch(unknown, tmp_path)
    url = server.on("/large", Answer(bytes(10**6)))
    with pytest.raises(DataError, match="the server has a file of 1,000,000 bytes"):
        fetch(replace(unknown, urls=(url,)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_offline_or_without_address(server: Server, tmp_path: Path) -> None:
    registered = replace(source(server, "good"), by_hand="register at example.org")
    with pytest.raises(DataError, match="--offline") as caught:
        fetch(registered, tmp_path, offline=True)
    assert f"1. Either download {server.address}/good in a browser; or register" in str(
        caught.value
    )
    with pytest.raises(DataError, match="no download address is known") as caught:
        fetch(replace(registered, urls=()), tmp_path)
    assert "\n  1. register at example.org.\n" in str(caught.value)
    with pytest.raises(DataError, match="no download address is known") as caught:
        fetch(Source("images.zip"), tmp_path / "a b", offline=True)
    assert "1. Get images.zip from its publisher." in str(caught.value)
    assert f"Type: fewbench data build NAME --source '{tmp_path}/a b'" in str(
        caught.value
    )
    assert not server.asked
    assert listed(tmp_path) == []


def test_full_disk_is_not_blamed_on_the_addresses(
    server: Server, tmp_path: Path
) -> None:
    def fill_up(stage: str, done: int, total: int, remark: str = "") -> None:
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
    seen = SeenProgress()
    reason = (
        r"1,000,000,000,000,000 bytes are still to be downloaded from .*/huge, "
        r"but only [\d,]+ bytes are free"
    )
    with pytest.raises(DataError, match=reason):
        fetch(
            Source("images.zip", (url, url), MD5, size, most_bytes=10**16),
            tmp_path,
            progress=seen,
        )
    assert server.paths() == ["/huge"]
    assert seen.steps == []


def test_folder_that_is_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "folder").write_bytes(b"")
    with pytest.raises(DataError, match="a folder that you may write to"):
        fetch(source(server, "good"), tmp_path / "folder")


def test_second_download_of_the_same_file_at_once_is_refused(
    server: Server, tmp_path: Path
) -> None:
    told: list[str] = []

    def download_too(stage: str, done: int, total: int, remark: str = "") -> None:
        with pytest.raises(Busy) as caught:
            fetch(source(server, "good"), tmp_path)
        told.append(str(caught.value))

    path = fetch(source(server, "good"), tmp_path, progress=download_too)
    assert path.read_bytes() == CONTENT
    assert "another process is downloading" in told[0]
    assert server.paths() == ["/good"]


# A wrong file under the final name


@pytest.mark.parametrize(
    ("present", "got"),
    [
        (PAGE, "a web page in place of the archive"),
        (b'{"status": 404}', "a file that starts with "),
        (b"", "an empty file"),
        (CONTENT[:-9], f"{len(CONTENT) - 9:,} bytes"),
        (CONTENT[:-1] + b"\0", "a file with md5 "),
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

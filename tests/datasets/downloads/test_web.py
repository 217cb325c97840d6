"""Redirects, statuses that may pass, Retry-After, and proxies."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from fewbench.datasets.downloads import web
from fewbench.datasets.downloads.body import read_document
from fewbench.datasets.downloads.fetch import fetch
from fewbench.datasets.downloads.web import (
    Broken,
    Refused,
    keep_trying,
    opened,
)
from fewbench.datasets.info import DataError, Source
from fewbench_tests.downloads import (
    CONTENT,
    HALF,
    MD5,
    TAG,
    get,
    source,
)
from fewbench_tests.servers import Answer, Proxy, Server, serving


def test_server_is_told_who_asks(server: Server, tmp_path: Path) -> None:
    fetch(source(server, "good"), tmp_path)
    assert str(server.header("User-Agent")[0]).startswith("fewbench/")


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
            DataError, match="the proxy that is set in the environment failed: .*403"
        ):
            fetch(
                Source("images.zip", ("https://mirror.invalid/good",)),
                tmp_path,
                timeout=0.5,
            )
    assert set(proxy.asked) == {"mirror.invalid:443"}


def test_body_is_stored_as_it_comes(server: Server, tmp_path: Path) -> None:
    """Servers label a .tar.gz as compressed; unpacked on the way it would be another file."""
    url = server.on("/file", Answer(CONTENT, headers={"Content-Encoding": "gzip"}))
    assert get(tmp_path, url, md5=MD5) == CONTENT
    assert server.header("Accept-Encoding") == ["identity"]


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_failure_that_may_pass_is_tried_again(
    server: Server, tmp_path: Path, code: int
) -> None:
    url = server.on("/file", Answer(status=code), Answer(status=code), Answer(CONTENT))
    assert get(tmp_path, url, timeout=1) == CONTENT
    assert len(server.asked) == 3


@pytest.mark.parametrize(("code", "dated"), [(429, False), (503, True)])
def test_server_is_given_the_time_that_it_asks_for(
    server: Server, tmp_path: Path, code: int, dated: bool
) -> None:
    asked = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    wait = Answer(status=code, headers={"Retry-After": asked if dated else "1"})
    url = server.on("/file", wait, Answer(CONTENT))
    start = time.monotonic()
    assert get(tmp_path, url) == CONTENT
    assert 0.9 < time.monotonic() - start < 15


@pytest.mark.parametrize("seconds", ["61", "9" * 5000])
def test_server_that_asks_for_too_much_time_is_left(
    server: Server, tmp_path: Path, seconds: str
) -> None:
    busy = server.on("/busy", Answer(status=429, headers={"Retry-After": seconds}))
    assert get(tmp_path, busy, server.on("/file", Answer(CONTENT))) == CONTENT
    assert server.paths() == ["/busy", "/file"]
    with pytest.raises(
        DataError, match="HTTP 429 .*; the server asks to wait (61|inf) seconds"
    ):
        get(tmp_path / "new", busy)


@pytest.mark.parametrize(
    "text", ["-5", "soon", "", "Mon, 99 Jan 2024 00:00:00 GMT", "٣"]
)
def test_nonsense_in_retry_after_is_overlooked(
    server: Server, tmp_path: Path, text: str
) -> None:
    header = text.encode().decode("latin-1")
    url = server.on(
        "/file", Answer(status=503, headers={"Retry-After": header}), Answer(CONTENT)
    )
    assert get(tmp_path, url, timeout=1) == CONTENT


def test_redirects_are_followed_and_their_bodies_ignored(
    server: Server, tmp_path: Path
) -> None:
    moved = Answer(b"x" * 1000, 302, {"Location": "/file"}, declared=10**12)
    url = server.on("/old", Answer(status=301, headers={"Location": "moved"}))
    server.on("/moved", moved)
    server.on(
        "/file", Answer(CONTENT, headers=TAG, cut=HALF), Answer(CONTENT, headers=TAG)
    )
    assert get(tmp_path, url) == CONTENT
    assert server.paths() == ["/old", "/moved", "/file"] * 2
    assert server.header("Range")[-1] == f"bytes={HALF}-"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/loop", "redirected more than 10 times"),
        ("file:///etc/hostname", "not an address to download from"),
        ("http://[half", "not an address to download from"),
    ],
)
def test_redirect_that_leads_nowhere(
    server: Server, tmp_path: Path, location: str, reason: str
) -> None:
    url = server.on("/loop", Answer(status=302, headers={"Location": location}))
    with pytest.raises(DataError, match=reason):
        get(tmp_path, url)


def test_document_is_read_up_to_a_limit(server: Server) -> None:
    url = server.on("/document", Answer(b"x" * 1000))
    assert read_document(url, 3, limit=1000) == b"x" * 1000
    with pytest.raises(Refused, match="more than 999 bytes"):
        read_document(url, 3, limit=999)


@pytest.mark.parametrize("retries", [0, 2])
def test_broken_attempts_are_made_again_and_counted(retries: int) -> None:
    made: list[None] = []

    def attempt() -> None:
        made.append(None)
        raise Broken("the line is dead", retries)

    attempts = f"{retries + 1} attempts"
    with pytest.raises(Refused, match=rf"the line is dead \({attempts}\)"):
        keep_trying("http://example.org", attempt, timeout=0)
    assert len(made) == retries + 1


def test_long_wait_is_explained(
    server: Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A user who sees nothing happen is told why."""
    monkeypatch.setattr(web, "_LONG_PAUSE", 1.0)
    busy = Answer(status=503, headers={"Retry-After": "1"})
    url = server.on("/file", busy, Answer(CONTENT))
    assert get(tmp_path, url) == CONTENT
    (record,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert "HTTP 503" in record.getMessage()
    assert "trying again in 1.0 seconds" in record.getMessage()


@pytest.mark.parametrize("code", [302, 503])
def test_body_that_never_ends_is_not_waited_for(
    server: Server, tmp_path: Path, code: int
) -> None:
    """Neither that of a redirect, nor that of a failure that is tried again."""
    endless = Answer(b"x" * 1000, code, {"Location": "/file"}, stall=1000)
    url = server.on("/endless", replace(endless, declared=10**12), Answer(CONTENT))
    server.on("/file", Answer(CONTENT))
    start = time.monotonic()
    assert get(tmp_path, url, timeout=15) == CONTENT
    assert time.monotonic() - start < 10


def test_a_head_that_comes_letter_by_letter_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(web, "_WAITS", 2)
    url = server.on("/slow", Answer(slow_head=True, pause=0.05))
    began = time.monotonic()
    waiting = opened(url, timeout=0.2)
    with pytest.raises(Broken, match=r"no whole answer within 0\.4 seconds"):
        waiting.__enter__()
    assert time.monotonic() - began < 2

"""Downloads over connections that break, servers that refuse to go on, and killed processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fewbench.datasets.downloads.fetch import fetch
from fewbench.datasets.info import DataError, Source
from fewbench_tests.downloads import (
    CONTENT,
    HALF,
    MD5,
    OTHER,
    PAGE,
    SIZE,
    TAG,
    get,
    leave,
)
from fewbench_tests.progress import SeenProgress
from fewbench_tests.servers import Answer, Server

SHARED_SERVER = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


# A connection that breaks


@pytest.mark.parametrize(
    "headers", [TAG, {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}]
)
def test_broken_connection_is_continued(
    server: Server, tmp_path: Path, headers: dict[str, str]
) -> None:
    cuts = [
        Answer(CONTENT, headers=headers, cut=1000),
        Answer(CONTENT, headers=headers, cut=70000),
    ]
    url = server.on("/file", *cuts, Answer(CONTENT, headers=headers))
    progress = SeenProgress()
    path = fetch(
        Source("images.zip", (url,)),
        tmp_path,
        timeout=3,
        progress=progress,
    )
    seen = progress.done
    assert path.read_bytes() == CONTENT
    assert server.header("Range") == [None, "bytes=1000-", "bytes=71000-"]
    assert server.header("If-Range") == [None, *headers.values(), *headers.values()]
    assert seen == sorted(seen)
    assert {1000, 71000} < set(seen)
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize(
    "headers", [{}, {"ETag": 'W/"weak"'}, {"ETag": '"\xe9"'}, {"Last-Modified": "\x80"}]
)
def test_nothing_is_continued_that_nobody_can_check(
    server: Server, tmp_path: Path, headers: dict[str, str]
) -> None:
    url = server.on("/file", Answer(OTHER, headers=headers, cut=1000), Answer(CONTENT))
    assert get(tmp_path, url) == CONTENT
    assert server.header("Range") == [None, None]


def test_without_validator_the_md5_vouches_for_what_is_continued(
    server: Server, tmp_path: Path
) -> None:
    url = server.on("/file", Answer(CONTENT, cut=1000), Answer(CONTENT))
    assert get(tmp_path, url, md5=MD5) == CONTENT
    assert server.header("Range") == [None, "bytes=1000-"]
    assert server.header("If-Range") == [None, None]


def test_server_that_ignores_ranges_is_read_from_the_start(
    server: Server, tmp_path: Path
) -> None:
    cut = Answer(CONTENT, headers=TAG, cut=HALF, ranges=False)
    url = server.on("/file", cut, Answer(CONTENT, headers=TAG, ranges=False))
    assert get(tmp_path, url, md5=MD5) == CONTENT
    assert server.header("Range") == [None, f"bytes={HALF}-"]


@pytest.mark.parametrize("heeds_if_range", [True, False])
@pytest.mark.parametrize("shorter", [0, 9])
def test_file_that_changed_meanwhile_is_read_from_the_start(
    server: Server, tmp_path: Path, heeds_if_range: bool, shorter: int
) -> None:
    new = OTHER[shorter:]
    changed = Answer(new, headers={"ETag": '"two"'}, heeds_if_range=heeds_if_range)
    url = server.on("/file", Answer(CONTENT, headers=TAG, cut=1000), changed)
    assert get(tmp_path, url) == new
    ranges = [None, "bytes=1000-"] if heeds_if_range else [None, "bytes=1000-", None]
    assert server.header("Range") == ranges


@pytest.mark.parametrize("left", [CONTENT[:1000], CONTENT + b"junk"])
def test_piece_that_begins_earlier_is_taken_from_where_it_begins(
    server: Server, tmp_path: Path, left: bytes
) -> None:
    piece = TAG | {"Content-Range": f"bytes 512-{SIZE - 1}/{SIZE}"}
    url = server.on("/file", Answer(CONTENT[512:], 206, piece))
    leave(tmp_path, left, url=url, validator='"one"', total=SIZE)
    assert get(tmp_path, url) == CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        Answer(OTHER, 206, TAG),
        Answer(OTHER, 206, TAG | {"Content-Range": f"bytes 1001-{SIZE - 1}/{SIZE}"}),
        Answer(OTHER, 206, TAG | {"Content-Range": "bytes 1000-1999/2000"}),
        Answer(OTHER, 206, TAG | {"Content-Range": "bytes */*"}),
        Answer(OTHER, 206, TAG | {"Content-Range": "bytes 1-" + "9" * 99}),
        Answer(status=416),
        Answer(status=416, headers={"Content-Range": f"bytes */{SIZE}"}),
    ],
)
def test_piece_that_does_not_fit_is_not_used(
    server: Server, tmp_path: Path, answer: Answer
) -> None:
    url = server.on(
        "/file", Answer(CONTENT, headers=TAG, cut=1000), answer, Answer(CONTENT)
    )
    assert get(tmp_path, url) == CONTENT
    assert server.header("Range") == [None, "bytes=1000-", None]


def test_server_that_only_sends_pieces_is_given_up(
    server: Server, tmp_path: Path
) -> None:
    url = server.on("/file", Answer(CONTENT, 206, {"Content-Range": "bytes 0-9/10"}))
    with pytest.raises(
        DataError, match=r"did not send the requested piece of the file \(6 attempts\)"
    ):
        get(tmp_path, url, timeout=0.5)


def test_server_may_close_early_without_a_word(server: Server, tmp_path: Path) -> None:
    unannounced = Answer(CONTENT, cut=1000, declared=-1)
    url = server.on("/file", unannounced, Answer(CONTENT))
    source = Source("images.zip", (url,), MD5, SIZE)
    assert fetch(source, tmp_path, timeout=3).read_bytes() == CONTENT
    assert server.header("Range") == [None, "bytes=1000-"]


def test_silent_server_is_asked_to_continue(server: Server, tmp_path: Path) -> None:
    url = server.on(
        "/file", Answer(CONTENT, headers=TAG, stall=HALF), Answer(CONTENT, headers=TAG)
    )
    assert get(tmp_path, url, timeout=0.5) == CONTENT
    assert server.header("Range") == [None, f"bytes={HALF}-"]


def test_length_beside_chunks_does_not_count(server: Server, tmp_path: Path) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (SIZE, CONTENT)
    headers = {"Transfer-Encoding": "chunked"}
    url = server.on("/file", Answer(chunks, headers=headers, declared=SIZE + 1))
    assert get(tmp_path, url) == CONTENT


# The second attempt, and the next address


@pytest.mark.parametrize(
    "failure",
    [
        Answer(status=404),
        Answer(PAGE),
        Answer(CONTENT[1:]),
        Answer(status=416, headers={"Content-Range": "bytes */500"}),
        Answer(CONTENT, 206, {"Content-Range": "bytes 0-4/5"}),
    ],
)
def test_next_address_continues_what_the_first_began(
    server: Server, tmp_path: Path, failure: Answer
) -> None:
    first = server.on("/first", Answer(CONTENT, cut=HALF), Answer(status=404))
    second, third = (
        server.on("/second", failure),
        server.on("/third", Answer(CONTENT, headers=TAG)),
    )
    source = Source("images.zip", (first, second, third), MD5, SIZE)
    assert fetch(source, tmp_path, timeout=3).read_bytes() == CONTENT
    assert server.header("Range") == [None, *[f"bytes={HALF}-"] * 3]
    assert server.header("If-Range") == [None] * 4


def test_without_md5_the_next_address_begins_anew(
    server: Server, tmp_path: Path
) -> None:
    first = server.on(
        "/first", Answer(OTHER, headers=TAG, cut=HALF), Answer(status=404)
    )
    assert (
        get(tmp_path, first, server.on("/second", Answer(CONTENT, headers=TAG)))
        == CONTENT
    )
    assert server.header("Range") == [None, f"bytes={HALF}-", None]


def test_bytes_of_two_addresses_are_kept_for_a_checksum_only(
    server: Server, tmp_path: Path
) -> None:
    first = server.on(
        "/first", Answer(CONTENT, headers=TAG, cut=1000), Answer(status=404)
    )
    second = server.on(
        "/second", Answer(OTHER, headers=TAG, cut=1000), Answer(status=404)
    )
    with pytest.raises(DataError, match="The 2,000 bytes that have arrived are kept"):
        get(tmp_path, first, second, md5=MD5)
    server.on("/second", Answer(OTHER, headers=TAG))
    assert get(tmp_path, second) == OTHER
    assert server.header("Range") == [None, *["bytes=1000-"] * 2, "bytes=2000-", None]


def test_wrong_bytes_of_an_earlier_address_are_not_blamed_on_the_next(
    server: Server, tmp_path: Path
) -> None:
    wrong = server.on("/wrong", Answer(OTHER, cut=HALF), Answer(status=404))
    assert (
        get(tmp_path, wrong, server.on("/right", Answer(CONTENT)), md5=MD5) == CONTENT
    )
    assert server.paths() == ["/wrong", "/wrong", "/right", "/right"]
    assert server.header("Range")[2:] == [f"bytes={HALF}-", None]


# A run that was killed


@pytest.mark.parametrize("md5", [None, MD5])
def test_killed_process_is_continued_by_the_next(
    server: Server, tmp_path: Path, md5: str | None
) -> None:
    url = server.on(
        "/file", Answer(CONTENT, headers=TAG, stall=HALF), Answer(CONTENT, headers=TAG)
    )
    script = (
        "from pathlib import Path; from fewbench.datasets.downloads.fetch import fetch; "
        "from fewbench.datasets.info import Source; "
        f"fetch(Source('images.zip', ({url!r},), {md5!r}), Path({str(tmp_path)!r}))"
    )
    part = tmp_path / "images.zip.part"
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        deadline = time.monotonic() + 30
        while not part.exists() or part.stat().st_size < HALF:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "images.zip").exists()

    assert get(tmp_path, url, md5=md5) == CONTENT
    assert server.header("Range") == [None, f"bytes={HALF}-"]
    assert server.header("If-Range") == [None, '"one"']


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_interrupted_run_is_continued_by_the_next(
    server: Server, tmp_path: Path, interruption: type[BaseException]
) -> None:
    def interrupt(stage: str, done: int, total: int, remark: str = "") -> None:
        if done > total // 2:
            raise interruption

    url = server.on("/file", Answer(CONTENT))
    with pytest.raises(interruption):
        fetch(Source("images.zip", (url, url), MD5), tmp_path, progress=interrupt)
    assert len(server.asked) == 1
    assert not (tmp_path / "images.zip").exists()
    assert get(tmp_path, url, md5=MD5) == CONTENT
    assert server.header("Range")[1] not in (None, "bytes=0-")


@pytest.mark.parametrize("total", [None, SIZE])
def test_complete_part_is_checked_and_renamed(
    server: Server, tmp_path: Path, total: int | None
) -> None:
    url = server.on("/file", Answer(CONTENT, headers=TAG))
    leave(tmp_path, CONTENT, url=url, validator='"one"', total=total)
    assert get(tmp_path, url) == CONTENT
    assert server.header("Range") == ([] if total else [f"bytes={SIZE}-"])


@SHARED_SERVER
@given(
    left=st.binary(max_size=3000).map(lambda tail: CONTENT[: 3000 - len(tail)] + tail),
    note=st.binary(max_size=60)
    | st.sampled_from(
        [None, b"[" * 9999, b'{"total": -1}', b'{"validator": "\\n"}', b"{}"]
    ),
    ignores=st.booleans(),
)
@example(left=CONTENT, note=b"{}", ignores=True)
@example(left=CONTENT + b"\0", note=b"{}", ignores=False)
@example(left=OTHER, note=b"{}", ignores=False)
def test_whatever_was_left_the_right_file_comes(
    server: Server,
    tmp_path_factory: pytest.TempPathFactory,
    left: bytes,
    note: bytes | None,
    ignores: bool,
) -> None:
    folder = tmp_path_factory.mktemp("left")
    (folder / "images.zip.part").write_bytes(left)
    if note is not None:
        (folder / "images.zip.part.json").write_bytes(note)
    url = server.on("/file", Answer(CONTENT, headers=TAG, ranges=not ignores))
    assert get(folder, url, md5=MD5) == CONTENT


ANSWERS = st.builds(
    lambda version, cut, ranges, heeds: Answer(
        (CONTENT, OTHER)[version],
        headers={"ETag": f'"{version}"'},
        cut=cut,
        ranges=ranges,
        heeds_if_range=heeds,
    ),
    st.integers(0, 1),
    st.integers(0, SIZE),
    st.booleans(),
    st.booleans(),
)


@SHARED_SERVER
@given(st.lists(ANSWERS, max_size=4))
def test_versions_of_a_file_are_never_mixed(
    server: Server, tmp_path_factory: pytest.TempPathFactory, answers: list[Answer]
) -> None:
    last = Answer(CONTENT, headers={"ETag": '"0"'})
    url = server.on("/file", *answers, last)
    assert get(tmp_path_factory.mktemp("versions"), url, timeout=0.5) in (
        CONTENT,
        OTHER,
    )

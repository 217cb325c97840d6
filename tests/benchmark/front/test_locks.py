"""One process at a time writes a folder, and a dead one does not block the next."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fewbench.errors import UserError
from fewbench.locks import Busy, exclusive, only_writer, only_writer_of
from fewbench_tests.small_files import small_files_only

HOLD = """
import sys
from pathlib import Path
from fewbench.locks import exclusive

if "no-locks" in sys.argv:
    sys.modules["fcntl"] = None
with exclusive(Path(sys.argv[1]), "holding it"):
    print("held", flush=True)
    sys.stdin.readline()
"""
pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows: it cannot be told whether an owner is gone"
)


@contextmanager
def holder(lock: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds a lock until it gets a line or is killed."""
    command = [sys.executable, "-c", HOLD, str(lock), *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("words", [(), ("no-locks",)])
def test_the_error_says_who_holds_a_lock_which_dies_with_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    if words:
        monkeypatch.setitem(sys.modules, "fcntl", None)
    lock = tmp_path / "lock"
    with holder(lock, *words) as process:
        with pytest.raises(Busy) as caught, exclusive(lock, "building bars"):
            pass
        said = str(caught.value)
        assert said.startswith("another process is building bars (process ")
        assert f"process {process.pid} on {socket.gethostname()}, since 2" in said
        assert f"-c {lock}" in said
        assert "type the same command again" in said
        assert "\n" not in said
    with exclusive(lock, "building bars"):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [(), ("no-locks",)])
def test_a_free_lock_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    if words:
        monkeypatch.setitem(sys.modules, "fcntl", None)
    lock = tmp_path / "lock"
    with holder(lock, *words) as process:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        with exclusive(lock, "waiting", wait=True):
            assert process.wait(10) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"pid": "x", "host": 3}',
        b'{"pid": 1e999}',
        b'{"pid": true}',
        b'{"pid": 12345678901234567890, "host": "%s"}' % socket.gethostname().encode(),
        b'{"pid": 7, "host": "other", "command": "a\\u001b[31m\\nb"}',
    ],
)
def test_an_owner_that_is_not_known_to_be_gone_keeps_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    owner = tmp_path / "lock.pid"
    owner.write_bytes(content)
    with pytest.raises(Busy) as caught, exclusive(tmp_path / "lock", "writing"):
        pass
    said = str(caught.value)
    assert said.isprintable()
    assert said.endswith(f"delete {owner}")
    assert owner.read_bytes() == content


def test_an_old_lock_file_without_an_owner_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    with exclusive(lock, "writing"):
        assert json.loads(lock.read_bytes())["pid"] == os.getpid()


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_no_file_is_no_lock(tmp_path: Path, kind: str) -> None:
    lock = tmp_path / ".board.lock"
    other = tmp_path / "other"
    other.write_text("of somebody else")
    if kind == "pipe":
        os.mkfifo(lock)
    elif kind == "folder":
        lock.mkdir()
    else:
        lock.symlink_to(other)
    with (
        pytest.raises(
            UserError,
            match=rf"/\.board\.lock: expected a file or nothing, got a {kind}.* Move it",
        ),
        exclusive(lock, "writing", wait=True),
    ):
        pass
    assert other.read_text() == "of somebody else"
    assert os.path.lexists(lock)


def test_a_new_folder_without_files_is_removed(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    with only_writer(out, "training"):
        assert out.is_dir()
        with pytest.raises(Busy), only_writer(out, "training"):
            pass
    assert not out.exists()
    with only_writer(out, "training"):
        (out / "file").touch()
    assert [path.name for path in out.iterdir()] == ["file"]


def test_one_process_writes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file"
    with only_writer_of(file):
        with pytest.raises(Busy, match=f"is writing {file} "), only_writer_of(file):
            pass
        with only_writer_of(file.with_name("other")):
            pass
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("words", [(), ("no-locks",)])
def test_a_lock_that_cannot_be_written_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    if words:
        monkeypatch.setitem(sys.modules, "fcntl", None)
    with (
        small_files_only(10),
        pytest.raises(OSError, match="File too large"),
        exclusive(tmp_path / "lock", "building bars"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []

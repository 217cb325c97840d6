"""Files appear whole or not at all; locks and free space."""

import errno
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fewbench import files
from fewbench.signals import Interrupted, ended_by_signals
from fewbench_tests.small_files import small_files_only


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    path = files.write_text(tmp_path / "new" / "a.txt", "ü\n")

    assert path.read_bytes() == "ü\n".encode()
    assert [one.name for one in path.parent.iterdir()] == ["a.txt"]


def test_an_old_file_stays_when_the_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.write_text(tmp_path / "a.txt", "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left") as caught:
        files.write_text(path, "new")

    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


def test_files_that_belong_together_stay_together(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    files.write_together({small: b"old", large: b"old"})
    with small_files_only(10), pytest.raises(OSError, match="File too large") as caught:
        files.write_together({small: b"new", large: b"new" * 10})
    assert caught.value.filename == str(large)
    assert [path.read_text() for path in (small, large)] == ["old", "old"]
    assert len(list(tmp_path.iterdir())) == 2


def test_many_writers_of_one_file_write_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    contents = [bytes([one]) * 200_000 for one in range(40)]
    # What a process that was killed has left is longer than what is written.
    path.with_name("a.partial").write_bytes(bytes(300_000))
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda data: files.write_bytes(path, data), contents):
            assert path.read_bytes() in contents
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_signal_leaves_the_old_files_or_the_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    replace = os.replace

    def interrupted(*arguments: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    def and_interrupted(partial: Path, path: Path) -> None:
        replace(partial, path)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(Interrupted), ended_by_signals():
        files.write_together(dict.fromkeys(paths, b"one"), durable=True)
    assert list(tmp_path.iterdir()) == []

    monkeypatch.setattr(os, "replace", and_interrupted)
    with pytest.raises(Interrupted), ended_by_signals():
        files.write_together(dict.fromkeys(paths, b"two"))
    assert [path.read_bytes() for path in paths] == [b"two", b"two"]


def test_a_document_is_sorted_and_has_no_nan(tmp_path: Path) -> None:
    path = files.write_json(tmp_path / "a.json", {"b": 1, "a": [2]}, durable=True)
    assert list(json.loads(path.read_text())) == ["a", "b"]
    assert path.read_text().endswith("}\n")

    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "b.json", {"a": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = files.write_bytes(tmp_path / "a", b"abc")

    assert files.file_digest(path, "md5") == "900150983cd24fb0d6963f7d28e17f72"

"""Files appear whole or not at all; locks and free space."""

import errno
import json
import os
from pathlib import Path

import pytest

from fewbench import files


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


def test_missing_space_is_found_before_anything_is_written(tmp_path: Path) -> None:
    files.require_space(tmp_path, 1000)
    with pytest.raises(OSError, match="No space left") as caught:
        files.require_space(tmp_path, 2**60)

    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())

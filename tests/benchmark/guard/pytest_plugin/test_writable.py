import os
from pathlib import Path

import pytest

from fewbench.benchmark.guard.pytest_plugin.writable import why_unwritable


def test_a_folder_or_one_that_can_be_made_is_writable(tmp_path: Path) -> None:
    assert why_unwritable(tmp_path) == ""
    assert why_unwritable(tmp_path / "new" / "one") == ""
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "broken").symlink_to(tmp_path / "gone")

    assert why_unwritable(tmp_path / "file").endswith("file, which is no folder")
    assert why_unwritable(tmp_path / "file" / "new").endswith("which is no folder")
    assert why_unwritable(tmp_path / "broken" / "new").endswith("which is no folder")


def test_a_read_only_folder_is_not_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read-only for root, so the system's answer is made up."""

    def refuse(_path: Path, mode: int) -> bool:
        return not mode & os.W_OK

    monkeypatch.setattr(os, "access", refuse)

    assert why_unwritable(tmp_path / "new") == f"{tmp_path}, which is not writable"

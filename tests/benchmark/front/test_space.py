"""Too little space is found before the work, and named as what it is."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from fewbench import space
from fewbench.space import require_space, temporary_folder, what_helps


def test_missing_space_is_found_before_anything_is_written(tmp_path: Path) -> None:
    require_space(tmp_path, 1000)
    with pytest.raises(OSError, match="No space left") as caught:
        require_space(tmp_path, 2**60)

    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "is_space"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), True),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), True),
        (OSError("what HDF5 says"), True),
        (FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)), False),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), False),
    ],
)
def test_more_space_is_advised_where_it_helps(error: OSError, is_space: bool) -> None:
    advice = what_helps(error, "Choose another folder")
    expected = "Choose another folder"
    if is_space:
        expected = "Free some space. Choose another folder"
    assert advice == expected


def test_large_temporary_files_lie_where_tmpdir_says_or_where_they_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "_LARGE_FILES", tmp_path / "large")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "small"))
    monkeypatch.delenv("TMPDIR", raising=False)
    assert temporary_folder() == tmp_path / "small"
    (tmp_path / "large").mkdir()
    assert temporary_folder() == tmp_path / "large"
    monkeypatch.setenv("TMPDIR", str(tmp_path / "small"))
    assert temporary_folder() == tmp_path / "small"

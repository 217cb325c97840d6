"""What the tests of several builders need."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for a source; roots and other folders go beside it."""
    path = tmp_path / "source"
    path.mkdir()
    return path

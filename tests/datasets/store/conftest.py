"""A split file that a test may damage."""

from pathlib import Path

import pytest

from fewbench.datasets.store.split_store import SplitStore


@pytest.fixture
def copy(bars: dict[str, SplitStore], tmp_path: Path) -> Path:
    path = tmp_path / "test.h5"
    path.write_bytes(bars["test"].path.read_bytes())
    return path

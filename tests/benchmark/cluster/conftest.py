"""A small grid that is done, for tests that only read it."""

from pathlib import Path

import pytest

from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench_tests.small_grids import done_here, opened


@pytest.fixture(scope="session")
def small_grid(tmp_path_factory: pytest.TempPathFactory, glyphs_root: Path) -> OpenGrid:
    """One ProtoNet under two protocols. Its files must not be changed."""
    grid = opened(tmp_path_factory.mktemp("small_grid"), glyphs_root)
    done_here(grid)
    return grid

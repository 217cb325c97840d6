"""Real Omniglot, built once; speed tests print one table at the end."""

from pathlib import Path

import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.info import Request
from fewbench.datasets.store import SplitStore
from fewbench.datasets.view import ImageView

_ROWS: list[str] = []


@pytest.fixture(scope="session")
def omniglot_root(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("speed")
    build(BUILDERS["omniglot"], root, Request(shared_data / "omniglot"))
    return root


@pytest.fixture(scope="session")
def test_view(omniglot_root: Path) -> ImageView:
    return ImageView([SplitStore(omniglot_root / "omniglot" / "test.h5")], rotations=True)


@pytest.fixture
def say(benchmark):
    """Keep a measured ratio for the table and in the benchmark's JSON."""

    def keep(what: str, value: float, goal: str) -> None:
        benchmark.extra_info[what] = value
        _ROWS.append(f"{what:62} {value:12,.2f}   goal {goal}")

    return keep


def pytest_terminal_summary(terminalreporter) -> None:
    if _ROWS:
        terminalreporter.section("speed, measured side by side")
        for row in _ROWS:
            terminalreporter.write_line(row)

"""The installed command in an empty folder, with a data folder that the tests of a worker share."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from fewbench_tests.commands import run_fewbench


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Run `fewbench ...` in an empty folder, with its own data folder."""

    return partial(run_fewbench, tmp_path, home)

"""The command in an empty folder, with a data folder that the tests of a worker share."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from fewbench_tests.commands import call_fewbench, run_fewbench


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Call `fewbench ...` in an empty folder, in this process."""
    return partial(call_fewbench, tmp_path, home)


@pytest.fixture
def run_process(home: Path, tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Run the installed `fewbench ...` in an empty folder, in a process of its own."""
    return partial(run_fewbench, tmp_path, home)

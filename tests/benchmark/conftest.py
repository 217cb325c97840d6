"""The command in an empty folder, with a data folder that the tests of a worker share."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

from fewbench_tests.commands import call_fewbench, run_fewbench

if TYPE_CHECKING:
    from fewbench.benchmark.cluster.conditions import Conditions
    from fewbench.benchmark.cluster.view_source import ViewSource


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


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module of an encoder of a user, in the working folder."""
    from fewbench_tests.stored import write_encoder

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return write_encoder(tmp_path)


@pytest.fixture
def view_source(glyphs_root: Path) -> "ViewSource":
    """The split glyphs val with rotated images."""
    from fewbench.benchmark.cluster.view_source import ViewSource
    from fewbench.benchmark.protocols.stream import split_view

    view = split_view("glyphs", "val", glyphs_root, rotations=True)
    return ViewSource.of("glyphs", "val", view)


@pytest.fixture
def conditions() -> "Conditions":
    """How this process computes."""
    import torch

    from fewbench.benchmark.cluster.conditions import Conditions

    return Conditions.here(torch.get_num_threads())

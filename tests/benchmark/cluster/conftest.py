"""A user's encoder with a split to embed, and a small grid for tests that only read it."""

import sys
from pathlib import Path

import pytest
import torch

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.cluster.view_source import ViewSource
from fewbench.benchmark.protocols.stream import split_view
from fewbench_tests.small_grids import done_here, opened
from fewbench_tests.stored import write_encoder


@pytest.fixture(scope="session")
def small_grid(tmp_path_factory: pytest.TempPathFactory, glyphs_root: Path) -> OpenGrid:
    """One ProtoNet under two protocols. Its files must not be changed."""
    grid = opened(tmp_path_factory.mktemp("small_grid"), glyphs_root)
    done_here(grid)
    return grid


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module of an encoder, in the working folder."""
    name = write_encoder(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return name


@pytest.fixture
def view_source(glyphs_root: Path) -> ViewSource:
    """The split `glyphs val` with rotated images."""
    view = split_view("glyphs", "val", glyphs_root, rotations=True)
    return ViewSource.of("glyphs", "val", view)


@pytest.fixture
def conditions() -> Conditions:
    return Conditions.here(torch.get_num_threads())

"""Saved results, and a partial build, that several commands are tried on."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import pytest

from fewbench.datasets.tieredimagenet import ren_split
from fewbench.reports.result_files import save_result
from fewbench_tests import imagenet_archives as world
from fewbench_tests.commands import call_fewbench
from fewbench_tests.honest_results import build_honest

Run = Callable[..., CompletedProcess[str]]


class PartialBuild(NamedTuple):
    """The folder that the command runs in, with the folder `pictures`, and the manifest."""

    folder: Path
    run: Run
    manifest: dict


@pytest.fixture(scope="session")
def partial_build(tmp_path_factory: pytest.TempPathFactory) -> PartialBuild:
    """Six test classes of tieredImageNet with 17 images each."""
    folder = tmp_path_factory.mktemp("partial")
    run = partial(call_fewbench, folder, folder / "data")
    source = folder / "pictures"
    wnids = [w for w, (split, _, _) in ren_split().classes.items() if split == "test"]
    for wnid in wnids[:6]:
        (source / wnid).mkdir(parents=True)
        for k in range(17):
            (source / wnid / f"{wnid}_{k}.JPEG").write_bytes(
                world.jpeg(wnid, k, side=64)
            )
    command = ("data", "build", "tieredimagenet", "--source", "pictures")
    refused = run(*command, code=2).stderr
    assert "expected 1153 to 1300 images as in ILSVRC2012, found 17" in refused
    assert "--allow-missing" in refused
    manifest = json.loads(run(*command, "--allow-missing", "--json").stdout)
    return PartialBuild(folder, run, manifest)


A = build_honest(0.9, 1, n_episodes=100, learner="protonet")
B = build_honest(0.85, 2, n_episodes=100, learner="maml", backbone="conv4-32")
C = build_honest(
    0.9, 3, n_episodes=100, learner="centroid", backbone="", transductive=True
)
OTHER = build_honest(0.9, 4, n_episodes=100, n_shot=5, name="glyphs-5w5s")


@pytest.fixture
def results() -> tuple:
    """Three results on the same episodes."""
    return A, B, C


@pytest.fixture
def names() -> list[str]:
    """The files of these results."""
    return [f"{result.file_stem}.json" for result in (A, B, C)]


@pytest.fixture
def fewbench(run: Run, tmp_path: Path) -> Run:
    """`fewbench ...` in a folder that holds the results."""
    for result in (A, B, C):
        save_result(result, tmp_path)
    save_result(OTHER, tmp_path / "other")
    return run

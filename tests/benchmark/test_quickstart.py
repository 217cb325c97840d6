from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.learner import BaselineError, LearnerCard
from fewbench.benchmark import quickstart
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.quickstart import (
    are_outdated,
    refuse_used_folder,
    run_quickstart,
)
from fewbench.datasets.info import DataError
from fewbench.progress import report_nothing
from fewbench.reports.result_files import save_result
from fewbench.signals import Interrupted
from fewbench_tests.made_results import build_result


def test_only_a_new_folder_or_that_of_a_quickstart_is_used(tmp_path: Path) -> None:
    refuse_used_folder(tmp_path / "new")
    refuse_used_folder(tmp_path)
    (tmp_path / ".report.lock").touch()
    refuse_used_folder(tmp_path)
    (tmp_path / "results").mkdir()
    with pytest.raises(DataError):
        refuse_used_folder(tmp_path)
    (tmp_path / "protonet").mkdir()
    refuse_used_folder(tmp_path)
    (tmp_path / "file").touch()
    for used in (tmp_path, tmp_path / "file"):
        with pytest.raises(DataError, match=f"{used}: .*--out"):
            refuse_used_folder(used)


SMALL = ("width=4", "val_episodes=5", "validate_every=2")


@pytest.fixture
def few_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    short = [find_protocol(name, n_episodes=20) for name in quickstart.PROTOCOLS[:2]]
    monkeypatch.setattr(quickstart, "PROTOCOLS", short)


def stop_at(wanted: str, at: int):
    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        if stage.startswith(wanted) and done >= at:
            raise KeyboardInterrupt

    return progress


@pytest.mark.usefixtures("few_episodes", "unrendered")
def test_a_quickstart_that_was_stopped_goes_on(glyphs_root, tmp_path: Path) -> None:
    settings = (*SMALL, "steps=4")
    whole = run_quickstart(
        tmp_path / "whole", settings, "cpu", glyphs_root, report_nothing
    )
    out = tmp_path / "stopped"
    for stop in (stop_at("train", 3), stop_at("protonet: glyphs-5w5s", 1)):
        with pytest.raises((Interrupted, KeyboardInterrupt)):
            run_quickstart(out, settings, "cpu", glyphs_root, stop)
    stages: set[str] = set()

    def note(stage: str, done: int, total: int, remark: str = "") -> None:
        stages.add(stage)

    made = run_quickstart(out, settings, "cpu", glyphs_root, note)
    assert not any(stage.startswith(("train", "centroid")) for stage in stages)
    assert len(made.results) == 4
    for one, other in zip(made.results, whole.results, strict=True):
        assert np.array_equal(one.predictions, other.predictions)
    assert made.page.exists()

    settings = (*SMALL, "steps=2")
    with pytest.raises(BaselineError, match="steps differs"):
        run_quickstart(out, settings, "cpu", glyphs_root, report_nothing)


def test_results_of_other_weights_are_outdated(tmp_path: Path) -> None:
    save_result(build_result(learner="protonet"), tmp_path)
    learner = load_learner("centroid", torch.device("cpu"))
    assert not are_outdated(tmp_path, learner)
    learner.card = LearnerCard("protonet", checkpoint_sha256="ab" * 32)
    assert not are_outdated(tmp_path, learner)
    learner.card = LearnerCard("protonet", checkpoint_sha256="cd" * 32)
    assert are_outdated(tmp_path, learner)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_missing_leaves_no_folder(glyphs_root, tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="no CUDA device"):
        run_quickstart(tmp_path / "q", (), "cuda", glyphs_root, report_nothing)
    assert not (tmp_path / "q").exists()

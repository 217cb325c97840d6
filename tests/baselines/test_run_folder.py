import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fewbench.baselines.checkpoints import load_checkpoint, save_checkpoint
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.run_folder import (
    BEST,
    LAST,
    LOG,
    TABLE,
    RunFolder,
    saved_step,
)
from fewbench_tests.saved_runs import ENTRY, FACTS, STATE, TENSORS, saved, with_settings


def test_a_state_comes_back(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    folder.prepare(resume=True)
    tensors, state = folder.load()
    assert state == STATE
    assert torch.equal(tensors["0.weight"], TENSORS["0.weight"])


def test_the_log_has_the_keys_that_reports_read(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    folder.write_log(STATE)
    text = (tmp_path / LOG).read_text(encoding="utf-8")
    log = json.loads(text)
    assert text == json.dumps(log, indent=2, sort_keys=True) + "\n"
    assert set(log) == {
        "best_accuracy",
        "config",
        "data_fingerprint",
        "device",
        "history",
        "image_shape",
        "seconds",
        "step",
    }
    assert log["image_shape"] == [28, 28, 1]
    assert log["history"] == [ENTRY]


def test_losses_since_the_last_validation_come_back(tmp_path: Path) -> None:
    losses = [torch.tensor(0.5), torch.tensor(0.25)]
    folder = RunFolder(tmp_path, FACTS)
    folder.save(LAST, TENSORS, replace(STATE, losses=losses))
    assert folder.load()[1].losses == losses


@pytest.mark.parametrize("losses", [torch.tensor(0.5), torch.ones(2, dtype=torch.int)])
def test_losses_that_are_no_list_of_numbers_are_refused(
    tmp_path: Path, losses: torch.Tensor
) -> None:
    saved(tmp_path)
    tensors, card = load_checkpoint(tmp_path / LAST)
    damaged = {**tensors, "progress/losses": losses}
    save_checkpoint(tmp_path / LAST, damaged, vars(card))
    with pytest.raises(BaselineError, match="damaged checkpoint: progress/losses"):
        RunFolder(tmp_path, FACTS).load()


def test_the_step_of_a_run_is_that_of_its_last_checkpoint(tmp_path: Path) -> None:
    assert saved_step(tmp_path) == 0
    saved(tmp_path)
    assert saved_step(tmp_path) == 4


def test_a_used_folder_is_refused_unless_its_run_is_resumed(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    assert folder.has_run
    with pytest.raises(BaselineError, match="holds another run.*--resume.*--out"):
        folder.prepare(resume=False)


@pytest.mark.parametrize("name", [BEST, LOG, TABLE])
@pytest.mark.parametrize("resume", [False, True])
def test_a_file_that_somebody_kept_is_not_overwritten(
    tmp_path: Path, name: str, resume: bool
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(BaselineError, match=f"{name}: would be overwritten"):
        RunFolder(tmp_path, with_settings()).prepare(resume)

from pathlib import Path

import pytest
import torch

from fewbench.baselines.checkpoints import save_checkpoint
from fewbench.baselines.config import TrainConfig
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.reproduce.cells import Budget, cells, find_cell
from fewbench.benchmark.reproduce.job import STEPS_AFTER_BEST, Job, Training

SNELL = "protonet-snell17-omni-5w1s"


def save_step(path: Path, config: TrainConfig, step: int) -> None:
    card = {
        "config": config.flat(),
        "image_shape": [28, 28, 1],
        "step": step,
        "seconds": 1.0,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(path, {"w": torch.zeros(1)}, card)


def test_each_seed_has_its_own_folder_and_recipe(tmp_path: Path) -> None:
    job = Job(find_cell("maml-finn17-mini-5w1s"), "full", 3, tmp_path)

    trainings = job.all_trainings()

    assert [training.config.seed for training in trainings] == [0, 1, 2]
    assert len({training.folder for training in trainings}) == 3


def test_the_second_training_of_snell_is_on_train_and_val(tmp_path: Path) -> None:
    selection, final = Job(find_cell(SNELL), "full", 1, tmp_path).trainings(0)

    assert selection.config.train_splits == "train"
    assert final.config.train_splits == "train+val"
    assert final.selection == selection.folder


@pytest.mark.parametrize("budget", ["short", "rehearsal"])
def test_other_budgets_train_once(tmp_path: Path, budget: Budget) -> None:
    assert len(Job(find_cell(SNELL), budget, 1, tmp_path).trainings(0)) == 1


def test_the_best_step_of_the_first_training_decides_how_long_the_second_is(
    tmp_path: Path,
) -> None:
    selection, final = Job(find_cell(SNELL), "full", 1, tmp_path).trainings(0)
    longest = final.last_step

    save_step(selection.folder / "best.safetensors", selection.config, 1500)

    assert longest == final.config.steps == selection.config.steps + STEPS_AFTER_BEST
    assert final.last_step == 1500 + STEPS_AFTER_BEST


def test_the_saved_step_is_that_of_the_last_checkpoint(tmp_path: Path) -> None:
    config = find_cell(SNELL).config("short", 0)
    training = Training(config, tmp_path / "run")
    assert training.saved_step == 0

    save_step(tmp_path / "run" / "last.safetensors", config, 700)

    assert training.saved_step == 700
    assert training.last_step == config.steps


@pytest.mark.parametrize("name", cells())
def test_a_rehearsal_has_the_shape_of_the_papers_protocol(
    tmp_path: Path, name: str
) -> None:
    cell = find_cell(name)
    paper = find_protocol(cell.protocol)

    small = Job(cell, "rehearsal", 1, tmp_path).protocol

    assert Job(cell, "full", 1, tmp_path).protocol == paper
    assert (small.n_way, small.n_shot) == (paper.n_way, paper.n_shot)
    assert (small.dataset, small.n_episodes) == ("glyphs", 100)


@pytest.mark.parametrize("name", cells())
def test_a_rehearsal_trains_the_network_that_can_answer_its_protocol(
    tmp_path: Path, name: str
) -> None:
    cell = find_cell(name)
    full = cell.config("full", 0)
    job = Job(cell, "rehearsal", 1, tmp_path)

    small = cell.config("rehearsal", 0)

    # A head of MAML has as many classes as the training.
    assert (small.way, small.shot) == (job.protocol.n_way, job.protocol.n_shot)
    assert (small.backbone, small.width) == (full.backbone, full.width)

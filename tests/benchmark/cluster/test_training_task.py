"""A training as a task: the same bytes, whoever does it and however often it dies."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.baselines.checkpoints import load_checkpoint
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.run_folder import BEST, LAST
from fewbench.baselines.training_inputs import TrainBudget
from fewbench.benchmark.cluster.grid_tasks import TrainingData, training_task
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.task import Task
from fewbench.benchmark.cluster.training_task import make_training
from fewbench.benchmark.train import train_run
from fewbench.progress import report_nothing
from fewbench_tests.small_grids import opened

OWN_NETWORK = """
from torch import nn


def small(image_shape, width):
    return nn.Flatten()
"""


@pytest.fixture(scope="module")
def task(small_grid: OpenGrid) -> Task:
    return small_grid.plan.trainings[0].task


@pytest.fixture
def place(tmp_path: Path, glyphs_root: Path) -> Place:
    return Place(tmp_path / "work", glyphs_root)


def train(task: Task, place: Place) -> bytes:
    attempt = place.new_attempt(task)
    return make_training(task, place, attempt).read_bytes()


def test_two_trainings_make_the_same_bytes(
    task: Task, place: Place, small_grid: OpenGrid
) -> None:
    published = small_grid.plan.place.file(task)
    made = train(task, place)
    assert made == published.read_bytes()
    _, card = load_checkpoint(published)
    assert card.seconds == 0
    assert all(entry["seconds"] == entry["val_seconds"] == 0 for entry in card.history)


def interrupted(task: Task, place: Place, small_grid: OpenGrid) -> Path:
    """An attempt that ended after the first of two steps."""
    attempt = place.new_attempt(task)
    config = small_grid.plan.trainings[0].training.config
    budget = TrainBudget(device="cpu", last_step=1)
    train_run(config, attempt, budget, place.root, report_nothing)
    return attempt


def test_it_goes_on_from_the_newest_undamaged_attempt(
    task: Task, place: Place, small_grid: OpenGrid
) -> None:
    first = interrupted(task, place, small_grid)
    damaged = place.new_attempt(task)
    (damaged / LAST).write_bytes((first / LAST).read_bytes()[:-100])
    without_best = place.new_attempt(task)
    (without_best / LAST).write_bytes((first / LAST).read_bytes())
    attempt = place.new_attempt(task)
    steps: list[int] = []
    made = make_training(task, place, attempt)
    _, card = load_checkpoint(attempt / LAST)
    for entry in card.history:
        steps.append(int(entry["step"]))
    assert steps == [1, 2]
    # The first step was not done again: its entry has the time of the first attempt.
    _, began = load_checkpoint(first / LAST)
    assert card.history[0] == began.history[0]
    assert made.read_bytes() == small_grid.plan.place.file(task).read_bytes()


def test_the_best_checkpoint_is_taken_over_too(
    task: Task, place: Place, small_grid: OpenGrid
) -> None:
    first = interrupted(task, place, small_grid)
    attempt = place.new_attempt(task)
    make_training(task, place, attempt)
    assert (first / BEST).exists()
    assert (attempt / BEST).exists()


def test_a_training_without_validation_publishes_its_last_step(
    tmp_path: Path, glyphs_root: Path
) -> None:
    text = '[[part]]\nrecipes = ["protonet-glyphs"]\nprotocols = ["glyphs-5w1s"]\n'
    text += 'settings = {steps = 1, way = 5, width = 4, train_splits = "train+val"}\n'
    grid = opened(tmp_path, glyphs_root, text)
    task = grid.plan.trainings[0].task
    assert train(task, grid.plan.place) == train(task, grid.plan.place)
    attempt = grid.plan.place.attempts(task)[0]
    tensors, card = load_checkpoint(attempt / "published.safetensors")
    assert card.step == 1
    # The state of the optimiser is left out.
    assert all(not name.startswith(("optimiser", "progress")) for name in tensors)


def test_code_of_the_user_is_part_of_the_task(
    place: Place,
    small_grid: OpenGrid,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "own_networks_of_a_grid.py"
    module.write_text(OWN_NETWORK)
    planned = small_grid.plan.trainings[0]
    backbone = "own_networks_of_a_grid:small"
    config = replace(planned.training.config, backbone=backbone)
    training = replace(planned.training, config=config)
    data = TrainingData(("a",), (28, 28, 1))
    task = training_task(training, data, planned.conditions)
    module.write_text(f"{OWN_NETWORK}# changed\n")
    monkeypatch.delitem(sys.modules, module.stem)  # as in a new process
    assert training_task(training, data, planned.conditions).id != task.id
    with pytest.raises(BaselineError, match="is not the same here"):
        make_training(task, place, place.new_attempt(task))

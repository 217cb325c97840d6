from pathlib import Path

import pytest

from fewbench.baselines.training_cost import TrainingCost
from fewbench.benchmark.reproduce import estimate as estimate_module
from fewbench.benchmark.reproduce.estimate import estimate_job
from fewbench.benchmark.reproduce.job import Job, Training
from fewbench.benchmark.reproduce.run import reproduce
from fewbench.progress import report_nothing
from fewbench_tests.small_cells import small_cell

COST = TrainingCost(
    seconds_per_step=2.0, seconds_per_validation=7.0, peak_bytes=1_000_000
)


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring has its own tests. Here each step takes 2 and each validation 7 seconds."""
    monkeypatch.setattr(estimate_module, "measure_cost", lambda *_: COST)


def seconds_of(job: Job) -> float:
    estimate = estimate_job(job)
    assert estimate is not None
    return estimate.seconds


def evaluation(job: Job) -> float:
    """The images of the protocol's episodes beside those of a validation: 5 x 16 each."""
    return 7.0 * job.protocol.n_episodes / 10


def test_steps_validations_and_evaluations_of_all_seeds_are_counted(
    tmp_path: Path, glyphs_root: Path
) -> None:
    job = Job(small_cell(), "rehearsal", 3, tmp_path, glyphs_root)

    assert seconds_of(job) == 3 * (6 * 2 + 3 * 7 + evaluation(job))


def test_what_is_done_is_not_counted(tmp_path: Path, glyphs_root: Path) -> None:
    first = Job(small_cell(), "rehearsal", 1, tmp_path, glyphs_root)
    reproduce(first, report_nothing)
    both = Job(small_cell(), "rehearsal", 2, tmp_path, glyphs_root)

    assert estimate_job(first) is None
    assert seconds_of(both) == 6 * 2 + 3 * 7 + 2 * evaluation(both)


def test_training_on_train_and_val_has_no_validation(
    tmp_path: Path, glyphs_root: Path
) -> None:
    cell = small_cell(retrain="train+val")
    job = Job(cell, "full", 1, tmp_path, glyphs_root)
    [selection, final] = job.trainings(0)

    of_steps = 2.0 * (selection.config.steps + final.config.steps)
    assert seconds_of(job) == of_steps + 3 * 7 + evaluation(job)
    assert isinstance(final, Training)

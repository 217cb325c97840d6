"""Two cells that are trained in the same way need a single training."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.baselines.run_folder import BEST, LAST
from fewbench.baselines.training_cost import TrainingCost
from fewbench.benchmark.cli.describe_reproduction import plan_lines
from fewbench.benchmark.reproduce import take_over as module
from fewbench.benchmark.reproduce.cells import Cell, find_cell
from fewbench.benchmark.reproduce.estimate import Estimate, estimate_job
from fewbench.benchmark.reproduce.job import Job, Training
from fewbench.benchmark.reproduce.run import reproduce
from fewbench.benchmark.reproduce.take_over import equal_cells, take_over
from fewbench.benchmark.train import train_views
from fewbench.progress import report_nothing
from fewbench_tests.small_cells import small_cell

FIRST = small_cell()
SECOND = small_cell(id="protonet-snell17-omni-20w1s", protocol="glyphs-20w1s")
OTHER = small_cell(id="other", short_settings=(*FIRST.short_settings, "lr=0.5"))


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> None:
    small: Mapping[str, Cell] = {one.id: one for one in (FIRST, SECOND, OTHER)}
    monkeypatch.setattr(module, "cells", lambda: small)


def job_of(cell: Cell, parent: Path, root: Path) -> Job:
    return Job(cell, "short", 1, parent / f"{cell.id}-short", root, "cpu")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, glyphs_root: Path) -> Job:
    job = job_of(FIRST, tmp_path_factory.mktemp("reproduced"), glyphs_root)
    reproduce(job, report_nothing)
    return job


def test_a_finished_training_is_taken_over_and_not_done_again(first: Job) -> None:
    job = replace(first, cell=SECOND, out=first.out.with_name(f"{SECOND.id}-short"))

    [sentence] = take_over(job)

    assert f"taken over from {first.out / 'seed-0'}" in sentence
    assert FIRST.id in sentence
    assert estimate_job(job) is None
    for name in (LAST, BEST):
        copied = (job.out / "seed-0" / name).read_bytes()
        assert copied == (first.out / "seed-0" / name).read_bytes()
    assert take_over(job) == []
    [result] = reproduce(job, report_nothing).results
    assert result.protocol.n_way == 20


@pytest.mark.parametrize("why", ["recipe", "seed", "data", "unfinished"])
def test_another_or_unfinished_training_is_left_alone(
    first: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    cell = OTHER if why == "recipe" else SECOND
    job = replace(first, cell=cell, out=first.out.with_name(f"{cell.id}-short-{why}"))
    beside = first.out.with_name(f"{FIRST.id}-short-{why}")
    beside.symlink_to(first.out)
    if why == "seed":
        (beside / "seed-1").symlink_to(first.out / "seed-0")
        monkeypatch.setattr(Job, "trainings", _seed_1(Job.trainings))
    if why == "data":
        views = train_views(FIRST.config("short", 0), first.root)
        swapped = replace(views, train=views.val)
        monkeypatch.setattr(module, "train_views", lambda *_: swapped)
    if why == "unfinished":
        monkeypatch.setattr(Training, "last_step", 7)

    assert take_over(job) == []
    assert not job.out.exists()


def _seed_1(trainings):
    return lambda job, _: trainings(job, 1)


def test_the_plan_names_the_cell_with_the_same_training(tmp_path: Path) -> None:
    job = job_of(SECOND, tmp_path, tmp_path)
    estimate = Estimate(60.0, TrainingCost(1.0, 1.0, 10**9))

    assert f"same training as {FIRST.id}: " in "\n".join(plan_lines(job, estimate))
    others = plan_lines(job_of(OTHER, tmp_path, tmp_path), estimate)
    assert "same training" not in "\n".join(others)


def test_the_cells_of_snell_with_equal_shots_have_the_same_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    for budget in ("full", "short"):
        for shot in ("1s", "5s"):
            five = find_cell(f"protonet-snell17-omni-5w{shot}")
            twenty = find_cell(f"protonet-snell17-omni-20w{shot}")
            job = Job(five, budget, 2, Path("reproduced"))
            assert equal_cells(job) == [twenty]
    assert (
        equal_cells(Job(find_cell("maml-finn17-mini-5w1s"), "full", 1, Path("x"))) == []
    )

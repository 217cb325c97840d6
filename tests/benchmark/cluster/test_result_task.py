"""The result of an evaluation, and its receipt."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.grid_tasks import answers_tasks
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.cluster.machines import note_machine
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.result_task import make_grid_result, receipt
from fewbench.errors import UserError
from fewbench.reports.result_files import load_results


def test_a_receipt_has_the_hashes_of_the_saved_arrays(small_grid: OpenGrid) -> None:
    plan = small_grid.plan
    receipts = {}
    for evaluation in plan.trainings[0].evaluations:
        path = plan.place.file(plan.trainings[0].result(evaluation))
        saved = json.loads(path.read_text())
        receipts[saved["file"]] = saved
    results = load_results([plan.place.folder / "results"])
    assert len(results) == 2
    for result in results:
        assert receipts[f"{result.file_stem}.json"] == receipt(result)
        assert result.embedded == "split"
        assert result.deterministic is True
        assert "trained_seconds" not in result.recipe
        assert result.recipe["trained_steps"] in (1, 2)
        assert "mixed" not in result.environment
        folder = plan.place.folder
        assert result.command == f"fewbench grid run {folder}/grid.toml --out {folder}"


@pytest.fixture
def copy(small_grid: OpenGrid, tmp_path: Path) -> Place:
    """A copy of the small grid, which may be changed."""
    shutil.copytree(small_grid.plan.place.folder, tmp_path / "work")
    return replace(small_grid.plan.place, folder=tmp_path / "work")


def test_it_is_made_again_with_the_same_bytes_and_replaces_the_result(
    small_grid: OpenGrid, copy: Place
) -> None:
    training = small_grid.plan.trainings[0]
    task = training.result(training.evaluations[0])
    arrays = copy.folder / "results" / f"{training.stem(training.evaluations[0])}.npz"
    before = arrays.read_bytes()
    made = make_grid_result(task, copy, copy.new_attempt(task))
    assert made.read_bytes() == copy.file(task).read_bytes()
    assert arrays.read_bytes() == before


def test_missing_answers_are_said(small_grid: OpenGrid, copy: Place) -> None:
    training = small_grid.plan.trainings[0]
    evaluation = training.evaluations[0]
    first, _ = answers_tasks(evaluation, training.conditions)
    copy.file(first).unlink()
    task = training.result(evaluation)
    with pytest.raises(UserError, match="damaged answers"):
        make_grid_result(task, copy, copy.new_attempt(task))


def test_a_mixed_result_names_the_machines(small_grid: OpenGrid, copy: Place) -> None:
    training = small_grid.plan.trainings[0]
    evaluation = training.evaluations[0]
    note_machine(copy.folder, Conditions("0", "2", "2", "new", "AVX2", threads=1))
    task = training.result(evaluation)
    make_grid_result(task, copy, copy.new_attempt(task))
    name = f"{training.stem(evaluation)}.json"
    [result] = load_results([copy.folder / "results" / name])
    ours = training.conditions.machine
    assert result.environment["mixed"].split("; ") == sorted([ours, "new (AVX2, cpu)"])


def test_another_result_does_not_replace_the_published_one(
    small_grid: OpenGrid, copy: Place
) -> None:
    training = small_grid.plan.trainings[0]
    task = training.result(training.evaluations[0])
    copy.file(task).write_text("{}")
    files = sorted((copy.folder / "results").iterdir())
    before = [path.read_bytes() for path in files]
    with pytest.raises(DifferentCopies):
        make_grid_result(task, copy, copy.new_attempt(task))
    assert [path.read_bytes() for path in files] == before

"""Open the folder of a grid again: what is done, what is missing, and who may go on."""

from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.benchmark.cluster import grid_work
from fewbench.benchmark.cluster.conditions import OtherConditions
from fewbench.benchmark.cluster.grid_file import GridFile, read_grid
from fewbench.benchmark.cluster.grid_tasks import answers_tasks
from fewbench.benchmark.cluster.grid_work import (
    OpenGrid,
    merging,
    missing_answers,
    plan_grid,
    published_fingerprint,
    reopen_grid,
    working_on,
)
from fewbench.benchmark.cluster.place import Place
from fewbench.errors import UserError
from fewbench_tests.small_grids import BOTH, SMALL, done_here, opened, write_grid


def test_planning_writes_nothing(tmp_path: Path, glyphs_root: Path) -> None:
    path = write_grid(tmp_path)
    plan_grid(path, Place(tmp_path / "work", glyphs_root))
    assert [one.name for one in tmp_path.iterdir()] == ["grid.toml"]


def test_a_grid_that_changes_while_it_is_opened_is_what_was_read(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_before_a_change(path: Path) -> GridFile:
        found = read_grid(path)
        path.write_text(BOTH)
        return found

    monkeypatch.setattr(grid_work, "read_grid", read_before_a_change)
    with working_on(
        write_grid(tmp_path), Place(tmp_path / "work", glyphs_root)
    ) as grid:
        [training] = grid.plan.trainings
    assert training.training.name == "protonet"
    assert (tmp_path / "work" / "grid.toml").read_text() == SMALL
    assert len(reopen_grid(tmp_path / "work", glyphs_root).plan.trainings) == 1


def test_a_file_in_the_place_of_the_results_is_named_before_the_work(
    tmp_path: Path, glyphs_root: Path
) -> None:
    work = tmp_path / "work"
    path = write_grid(tmp_path)
    with working_on(path, Place(work, glyphs_root)):
        pass
    (work / "results").touch()
    what = r"results: expected a folder or nothing, got a file"
    with (
        pytest.raises(UserError, match=what),
        working_on(path, Place(work, glyphs_root)),
    ):
        pass
    with pytest.raises(UserError, match=what), merging(work, glyphs_root):
        pass


def test_a_grid_is_reopened_as_it_was(small_grid: OpenGrid) -> None:
    place = small_grid.plan.place
    again = reopen_grid(place.folder, place.root)
    ids = [task.id for task in small_grid.plan.tasks()]
    assert [task.id for task in again.plan.tasks()] == ids
    assert published_fingerprint(again.plan) == published_fingerprint(small_grid.plan)


def test_two_runs_have_one_fingerprint_and_a_lost_result_is_saved_again(
    tmp_path: Path, glyphs_root: Path, small_grid: OpenGrid
) -> None:
    grid = opened(tmp_path, glyphs_root)
    place = grid.plan.place
    before = published_fingerprint(grid.plan)
    done_here(grid)
    complete = published_fingerprint(grid.plan)
    assert complete == published_fingerprint(small_grid.plan)
    assert complete != before
    path, _ = sorted((place.folder / "results").glob("*.json"))
    path.unlink()
    summary = done_here(opened(tmp_path, glyphs_root))
    assert summary.done == {"result": 1}
    assert path.exists()
    changed = place.file(grid.plan.trainings[0].task)
    changed.write_bytes(b"other")
    assert published_fingerprint(grid.plan) != complete


def test_what_is_missing_is_counted(tmp_path: Path, glyphs_root: Path) -> None:
    grid = opened(tmp_path, glyphs_root)
    place = grid.plan.place
    [training] = grid.plan.trainings
    task, _ = answers_tasks(training.evaluations[0], grid.conditions)
    path = place.file(task)
    path.parent.mkdir(parents=True)
    path.touch()
    assert list(missing_answers(training, place)) == [
        "glyphs-5w1s-300ep by protonet on glyphs, seed 0: 1 of 2 ranges of answers missing",
        "glyphs-5w5s-300ep by protonet on glyphs, seed 0: 2 of 2 ranges of answers missing",
    ]


def test_another_kind_of_machine_is_refused_unless_mixed(
    tmp_path: Path, glyphs_root: Path
) -> None:
    opened(tmp_path, glyphs_root)
    path = write_grid(tmp_path, SMALL.replace("[[part]]", "threads = 2\n[[part]]"))
    place = Place(tmp_path / "work", glyphs_root)
    with pytest.raises(OtherConditions, match="threads 2 instead of 1"):
        plan_grid(path, place)
    mixed = plan_grid(path, replace(place, mixed=True))
    assert mixed.conditions.threads == 1

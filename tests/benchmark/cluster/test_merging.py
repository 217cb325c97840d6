"""Join what shards have answered."""

import threading
from pathlib import Path

import pytest

from fewbench.benchmark.cluster.grid_tasks import answers_tasks
from fewbench.benchmark.cluster.grid_work import (
    OpenGrid,
    missing_answers,
    published_fingerprint,
)
from fewbench.benchmark.cluster.merging import merge_results
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.benchmark.cluster.share import Share
from fewbench.progress import report_nothing
from fewbench_tests.small_grids import WorksHere, opened


def test_shards_and_merge_make_the_bytes_of_one_run(
    tmp_path: Path, glyphs_root: Path, small_grid: OpenGrid
) -> None:
    grid = opened(tmp_path, glyphs_root)
    place = grid.plan.place
    assert merge_results(grid, report_nothing) == []
    assert not (place.folder / "results").exists()
    for number in range(3):
        executor = WorksHere(place)
        share = Share(number, 3)
        summary = run_flows(grid.plan.flows(), executor, place, share=share)
        assert summary.failures == []
    assert not (place.folder / "results").exists()
    assert merge_results(grid, report_nothing) == []
    assert published_fingerprint(grid.plan) == published_fingerprint(small_grid.plan)
    arrays = sorted((place.folder / "results").glob("*.npz"))
    assert len(arrays) == 2
    theirs = small_grid.plan.place.folder / "results"
    for path in arrays:
        assert path.read_bytes() == (theirs / path.name).read_bytes()


@pytest.fixture
def answered(tmp_path: Path, glyphs_root: Path) -> OpenGrid:
    """A grid of which two shards have made all answers."""
    grid = opened(tmp_path, glyphs_root)
    place = grid.plan.place
    for number in range(2):
        share = Share(number, 2)
        run_flows(grid.plan.flows(), WorksHere(place), place, share=share)
    return grid


def test_a_result_that_another_process_is_saving_is_waited_for(
    answered: OpenGrid,
) -> None:
    place = answered.plan.place
    [training] = answered.plan.trainings
    task = training.result(training.evaluations[0])
    failures: list[str] = []
    with place.locked(task):
        thread = threading.Thread(
            target=lambda: failures.extend(merge_results(answered, report_nothing))
        )
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert failures == []
    assert len(list((place.folder / "results").glob("*.npz"))) == 2


def test_damaged_answers_are_said_and_the_other_results_are_saved(
    answered: OpenGrid,
) -> None:
    place = answered.plan.place
    [training] = answered.plan.trainings
    task, _ = answers_tasks(training.evaluations[0], answered.conditions)
    place.file(task).write_bytes(b"damaged")
    [sentence] = merge_results(answered, report_nothing)
    assert sentence.startswith("save glyphs-5w1s-300ep by protonet on glyphs, seed 0: ")
    assert "damaged answers" in sentence
    assert len(list((place.folder / "results").glob("*.json"))) == 1


def test_missing_answers_hold_back_their_own_result_alone(answered: OpenGrid) -> None:
    place = answered.plan.place
    [training] = answered.plan.trainings
    task, _ = answers_tasks(training.evaluations[0], answered.conditions)
    place.file(task).unlink()
    assert merge_results(answered, report_nothing) == []
    [sentence] = missing_answers(training, place)
    assert sentence.endswith("1 of 2 ranges of answers missing")
    assert len(list((place.folder / "results").glob("*.json"))) == 1
    for path in (place.folder / "results").iterdir():
        path.unlink()
    assert merge_results(answered, report_nothing) == []
    assert len(list((place.folder / "results").glob("*.json"))) == 1

from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.baselines.training_cost import TrainingCost
from fewbench.benchmark.cli.describe_reproduction import (
    plan_lines,
    reproduction_document,
    reproduction_text,
)
from fewbench.benchmark.reproduce.cells import Budget, Cell
from fewbench.benchmark.reproduce.estimate import Estimate
from fewbench.benchmark.reproduce.job import Job
from fewbench.reports.reproduction import Reproduction, judge_reproduction
from fewbench_tests.made_results import build_result
from fewbench_tests.small_cells import small_cell


def job_of(cell: Cell, budget: Budget = "full", n_seeds: int = 3) -> Job:
    return Job(cell, budget, n_seeds, Path("reproduced"))


def made(cell: Cell, *accuracies: float) -> Reproduction:
    """What seeds with about these accuracies on 2,000 episodes give for this cell."""
    results = [
        build_result(accuracy, rng_seed=seed, train_seed=seed, n_episodes=2000)
        for seed, accuracy in enumerate(accuracies)
    ]
    return judge_reproduction(
        results, cell.published, cell.tolerance / 100, cell.reruns
    )


def test_remarks_about_a_cell_stand_in_plan_and_verdict() -> None:
    cell = small_cell(ours=True, remark="The paper has two numbers.")
    reproduction = made(cell, 0.988)
    cost = TrainingCost(0.25, 3.0, 4_200_000_000)

    plan = "\n".join(plan_lines(job_of(cell), Estimate(60.0, cost)))
    text = reproduction_text(job_of(cell), reproduction)
    document = reproduction_document(job_of(cell), reproduction)

    for remark in ("The full recipe is fewbench's", cell.remark):
        assert remark in plan
        assert remark in text
        assert remark in "".join(document["remarks"])


def test_the_plan_says_time_and_memory() -> None:
    cost = TrainingCost(0.25, 3.0, 4_200_000_000)

    text = "\n".join(plan_lines(job_of(small_cell()), Estimate(7300.0, cost)))

    assert "3 training seeds" in text
    assert "about 2.0 h" in text
    assert "4.2 GB" in text


@pytest.mark.parametrize(
    ("accuracies", "tolerance", "words"),
    [
        ((0.988, 0.988, 0.988), 1.0, "reproduced"),
        ((0.95, 0.95, 0.95), 1.0, "not reproduced"),
        ((0.95, 0.988, 1.0), 1.0, "More seeds make it narrower: --seeds 5"),
        ((0.979, 0.979, 0.979), 0.9, "the interval over episodes, "),
    ],
)
def test_the_last_line_is_one_sentence_of_verdict(
    accuracies: tuple[float, ...], tolerance: float, words: str
) -> None:
    cell = small_cell(tolerance=tolerance)

    lines = reproduction_text(job_of(cell), made(cell, *accuracies)).splitlines()

    assert words in lines[-1]
    assert f"tolerance of {tolerance:g} points" in lines[-1]
    assert any("over 3 training seeds" in line for line in lines)
    assert any(line.startswith("reruns by others") for line in lines)


def test_a_single_seed_is_said_to_be_one() -> None:
    cell = small_cell()

    text = reproduction_text(job_of(cell, n_seeds=1), made(cell, 0.988))

    assert "a single training seed" in text


def test_reruns_by_others_are_named_when_ours_is_as_they_are() -> None:
    cell = small_cell()
    near = (
        round(sum(rerun.accuracy for rerun in cell.reruns) / len(cell.reruns), 2) / 100
    )

    text = reproduction_text(job_of(cell, n_seeds=1), made(cell, near))

    assert "as every public rerun" in text.splitlines()[-1]


def test_an_uncertain_number_of_the_paper_is_shown_with_its_half_width() -> None:
    cell = small_cell()
    number = replace(cell.published, half_width=0.5, half_width_is="episodes")
    cell = replace(cell, published=number)

    text = reproduction_text(job_of(cell, n_seeds=1), made(cell, 0.988))

    assert "98.80 ± 0.50 %" in text


def test_the_document_has_the_verdict_only_for_a_full_budget() -> None:
    cell = small_cell()
    reproduction = made(cell, 0.988)

    full = reproduction_document(job_of(cell), reproduction)
    short = reproduction_document(job_of(cell, "short"), reproduction)
    rehearsal = reproduction_document(job_of(cell, "rehearsal"), reproduction)

    assert full["verdict"] in ("reproduced", "not reproduced", "undecided")
    assert full["over_seeds"] is None
    assert "verdict" not in short
    assert short["difference"] == full["difference"]
    assert "difference" not in rehearsal

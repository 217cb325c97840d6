"""What a grid takes, from measured steps."""

from pathlib import Path

import pytest

from fewbench.baselines.training_cost import TrainingCost
from fewbench.benchmark.cluster import grid_estimate
from fewbench.benchmark.cluster.grid_estimate import estimate_grid, seconds_on
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.progress import report_nothing
from fewbench_tests.small_grids import BOTH, opened


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The learners that were measured: a step takes 2 s, and a validation 3 s."""
    names: list[str] = []

    def measure(config, views, device) -> TrainingCost:
        names.append(config.learner)
        return TrainingCost(2.0, 3.0, 10**9)

    monkeypatch.setattr(grid_estimate, "measure_cost", measure)
    return names


def test_each_recipe_is_measured_once_for_all_seeds(
    tmp_path: Path, glyphs_root: Path, measured: list[str]
) -> None:
    grid = opened(tmp_path, glyphs_root, f"seeds = 2\n{BOTH}")
    estimates = estimate_grid(grid.plan, report_nothing)
    assert measured == ["protonet", "maml"]
    protonet, maml = estimates
    assert (protonet.n_left, maml.n_left) == (2, 2)
    # 2 steps and 2 validations.
    assert protonet.train_seconds == 2 * 2 + 2 * 3
    # 20 episodes of 5 * 16 images; a validation has 2 episodes of as many images.
    assert protonet.evaluate_seconds == 2 * 3 * 20 / 2
    # 5 queries in a class.
    assert maml.evaluate_seconds == pytest.approx(2 * 3 * 20 * 16 / (2 * 6))
    total = protonet.seconds + maml.seconds
    assert seconds_on(estimates, 1) == total
    assert seconds_on(estimates, 2) == total / 2
    # No training is shorter for more workers.
    assert seconds_on(estimates, 10**6) == 10


def test_nothing_is_measured_for_what_is_done(
    small_grid: OpenGrid, measured: list[str]
) -> None:
    assert estimate_grid(small_grid.plan, report_nothing) == []
    assert measured == []
    assert seconds_on([], 2) == 0

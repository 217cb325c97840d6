"""Results for reports to be about."""

from collections.abc import Callable

import pytest

from fewbench.reports.records import RunResult
from fewbench_tests.made_results import build_result


@pytest.fixture(scope="session")
def make_result() -> Callable[..., RunResult]:
    return build_result


@pytest.fixture(scope="session")
def various_results() -> list[RunResult]:
    """Two data sets, a marked learner, a repeated run, and one name on two sets of episodes."""
    return [
        build_result(
            0.5, 1, learner="centroid", backbone="", recipe={}, checkpoint_sha256=None
        ),
        build_result(0.9, 2),
        build_result(0.92, 3, checkpoint_sha256="cd" * 32),
        build_result(0.85, 4, learner="maml_higher", transductive=True),
        build_result(0.9, 5, n_episodes=30, train_seed=10, partial=True),
        build_result(0.95, 6, name="glyphs-5w5s", n_shot=5, precision="bf16"),
        build_result(
            0.98, 7, name="omniglot-20w1s", dataset="omniglot", n_way=20, rotations=True
        ),
    ]

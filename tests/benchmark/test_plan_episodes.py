import pytest

from fewbench.benchmark.plan_episodes import Wish, plan_episodes
from fewbench.reports.records import ResultError
from fewbench.reports.stats.planning import plan, spread
from fewbench_tests.made_results import build_result

PILOT = build_result(0.9, 1, n_episodes=100)
OTHER = build_result(0.85, 2, n_episodes=100, learner="maml")


def test_each_wish_gets_a_plan() -> None:
    plans = plan_episodes(PILOT, Wish(0.01, 0.02, 0.9, 0.95), OTHER)

    width, difference = plans
    assert (width.target.half_width, width.against) == (0.01, None)
    assert width.rows == plan(PILOT, width.target)
    assert (difference.target.difference, difference.target.power) == (0.02, 0.9)
    assert difference.against is OTHER
    assert difference.spread == spread(PILOT, OTHER)
    assert difference.rows == plan(PILOT, difference.target, OTHER)


def test_nothing_is_planned_that_was_not_wished() -> None:
    (only,) = plan_episodes(PILOT, Wish(None, 0.02, 0.8, 0.95))
    assert only.against is None
    assert plan_episodes(PILOT, Wish(None, None, 0.8, 0.95)) == []


def test_a_pilot_of_one_episode_is_refused() -> None:
    with pytest.raises(ResultError, match="got 1"):
        plan_episodes(build_result(n_episodes=1), Wish(0.01, None, 0.8, 0.95))

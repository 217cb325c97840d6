from fewbench.benchmark.cli.describe_plan import plans_document, plans_text
from fewbench.benchmark.plan_episodes import Wish, plan_episodes
from fewbench_tests.made_results import build_result


def test_a_half_width_and_a_difference_are_told_apart() -> None:
    pilot = build_result(0.9, 1, n_episodes=100)
    other = build_result(0.85, 2, n_episodes=100, learner="maml")
    plans = plan_episodes(pilot, Wish(0.01, 0.02, 0.8, 0.95), other)

    text = plans_text(pilot, plans)

    assert "for ± 1 points (95 % interval over episodes)" in text
    assert "to detect a difference of 2 points with power 80 % at level 95 %" in text
    assert "paired with maml" in text
    assert text.count("--until-half-width 1%") == 1
    stopped = plans[0].until_half_width
    assert f"takes about {stopped:,} episodes with 15 queries/class" in text
    assert plans[1].until_half_width is None
    assert text.count("cheapest") == 2
    document = plans_document(pilot, plans, 0.95)
    assert [one["paired"] for one in document["plans"]] == [False, True]
    assert document["plans"][0]["goal"]["half_width"] == 0.01


def test_one_query_per_class_tells_nothing_about_more() -> None:
    pilot = build_result(0.7, 1, n_episodes=100, n_query=1)
    text = plans_text(pilot, plan_episodes(pilot, Wish(0.01, None, 0.8, 0.95)))
    assert "the pilot cannot tell what more queries would do" in text


def test_a_pilot_that_shows_little_is_called_rough() -> None:
    pilot = build_result(0.9995, 3, n_episodes=100)
    text = plans_text(pilot, plan_episodes(pilot, Wish(0.01, None, 0.8, 0.95)))
    assert "The plan is rough: all but" in text

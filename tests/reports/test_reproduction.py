from dataclasses import replace

import numpy as np
import pytest

from fewbench.reports.published import PublishedNumber
from fewbench.reports.records import ResultError
from fewbench.reports.reproduction import judge_reproduction
from fewbench_tests.made_results import build_result

PUBLISHED = PublishedNumber(
    id="x17",
    learner="protonet",
    method="ProtoNet",
    variant="",
    reference=True,
    dataset="glyphs",
    split="glyphs",
    way=5,
    shot=1,
    accuracy=90.0,
    backbone="conv4",
    source="Somebody 2017",
    url="https://example.org",
)


def seeds(*accuracies, n_episodes=2000):
    """Results of training seeds 0, 1, ... with about these accuracies."""
    return [
        build_result(accuracy, rng_seed=seed, train_seed=seed, n_episodes=n_episodes)
        for seed, accuracy in enumerate(accuracies)
    ]


def reruns(*accuracies):
    return [
        replace(PUBLISHED, id=f"rerun-{number}", accuracy=accuracy)
        for number, accuracy in enumerate(accuracies)
    ]


def test_the_mean_is_that_of_all_seeds_and_episodes():
    results = seeds(0.9, 0.8, 0.85)

    made = judge_reproduction(results, PUBLISHED, 0.01)

    everything = np.concatenate([result.accuracies for result in results])
    assert made.mean == pytest.approx(everything.mean(), abs=1e-12)
    assert made.difference == pytest.approx(everything.mean() - 0.9, abs=1e-12)


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ((0.9, 0.9, 0.9), "reproduced"),
        ((0.85, 0.85, 0.85), "not reproduced"),
        ((0.91, 0.91, 0.91), "undecided"),
        ((0.85,), "not reproduced"),
        ((0.9,), "reproduced"),
    ],
)
def test_verdicts(accuracies, verdict):
    made = judge_reproduction(seeds(*accuracies), PUBLISHED, 0.01)

    assert made.verdict == verdict


def test_seeds_that_scatter_leave_a_verdict_undecided():
    # Over episodes, the mean of these three runs is exactly the published one.
    made = judge_reproduction(seeds(0.86, 0.90, 0.94), PUBLISHED, 0.01)

    assert made.by_episodes.verdict == "reproduced"
    assert made.verdict == "undecided"
    assert made.over_seeds is not None
    assert made.over_seeds.half_width > 10 * made.over_episodes.half_width


def test_a_single_seed_has_no_interval_over_seeds():
    made = judge_reproduction(seeds(0.9), PUBLISHED, 0.01)

    assert made.over_seeds is None
    assert made.over_episodes.n == 2000


def test_the_published_half_width_makes_a_verdict_harder():
    wide = replace(PUBLISHED, half_width=1.5, half_width_is="episodes")

    assert judge_reproduction(seeds(0.9), wide, 0.01).verdict == "undecided"


@pytest.mark.parametrize(
    ("others", "near"),
    [((89.9, 90.1, 90.3), True), ((92, 93, 94), False), ((90, 90), False)],
)
def test_reruns_by_others_count_from_three_on(others, near):
    made = judge_reproduction(seeds(0.9), PUBLISHED, 0.01, reruns(*others))

    assert made.as_every_rerun is near


def test_results_of_two_recipes_are_refused():
    first, second = seeds(0.9, 0.9)
    other = replace(second, recipe={"lr": 0.1})

    with pytest.raises(ResultError, match="recipe lr"):
        judge_reproduction([first, other], PUBLISHED, 0.01)


def test_no_result_is_refused():
    with pytest.raises(ResultError, match="got none"):
        judge_reproduction([], PUBLISHED, 0.01)

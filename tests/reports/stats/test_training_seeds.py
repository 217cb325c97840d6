import math

import pytest

from fewbench.reports.records import ResultError
from fewbench.reports.stats.training_seeds import train_seeds


def test_train_seeds_is_a_t_interval_over_the_means_of_the_runs(make_result):
    runs = [
        make_result(rng_seed=k, train_seed=k, recipe={"seed": k, "lr": 1})
        for k in range(3)
    ]
    means = [run.mean for run in runs]
    mean = sum(means) / 3
    # 97.5 % quantile of Student's t with 2 degrees of freedom from a printed table.
    half = 4.302652729749 * math.sqrt(sum((m - mean) ** 2 for m in means) / 2 / 3)

    interval = train_seeds(runs)

    assert interval.mean == pytest.approx(mean, rel=1e-12)
    assert interval.half_width == pytest.approx(half, rel=1e-9)
    assert (interval.kind, interval.n) == ("train-seeds", 3)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"train_seed": 0}, r"every training seed once, got \[0, 0\]"),
        ({"train_seed": 1, "learner": "maml"}, "expected learner protonet, got maml"),
        ({"train_seed": 1, "n_shot": 5}, "expected n_shot 1, got 5"),
        (
            {"train_seed": 1, "episodes_fingerprint": "other"},
            "expected episodes_fingerprint",
        ),
        ({"train_seed": 1, "recipe": {"lr": 2}}, "expected recipe lr 1, got 2"),
        (
            {"train_seed": 1, "recipe": {"lr": 1, "steps": 7}},
            r"recipe steps \(missing\), got 7",
        ),
    ],
)
def test_train_seeds_refuses_runs_that_differ_in_more(make_result, changes, complaint):
    first = make_result(recipe={"lr": 1, "seed": 0, "trained_seconds": 1.5})
    other = {"recipe": {"lr": 1, "seed": 1, "trained_seconds": 2.5}} | changes

    with pytest.raises(ResultError, match=complaint):
        train_seeds([first, make_result(**other)])
    with pytest.raises(ResultError, match="at least 2 training runs"):
        train_seeds([first])


def test_one_run_under_two_seeds_is_no_other_training(make_result):
    runs = [make_result(rng_seed=k, train_seed=k) for k in range(2)]
    again = make_result(rng_seed=1, train_seed=7)
    with pytest.raises(ResultError, match="equal predictions with seeds 1 and 7"):
        train_seeds([*runs, again])
    perfect = [make_result(1.0, train_seed=k) for k in range(2)]
    assert train_seeds(perfect).kind == "little-spread"

import math

import numpy as np
import pytest

from fewbench.reports.records import ResultError
from fewbench.reports.stats.class_bootstrap import class_bootstrap
from fewbench.reports.stats.intervals import (
    episodes_t,
)


def test_class_bootstrap_is_wide_where_classes_differ_and_repeats_by_seed(make_result):
    # Classes of 12: those up to 3 are never answered rightly, all others always.
    plain = make_result(0.99999, n_episodes=400)
    hard = plain.classes < 4
    predictions = plain.predictions.copy().reshape(400, 5, 15)
    predictions[hard] = (predictions[hard] + 1) % 5
    predictions = predictions.reshape(400, -1)
    correct = (15 * (~hard).sum(axis=1)).astype(np.int32)
    result = make_result(
        n_episodes=400, classes=plain.classes, predictions=predictions, correct=correct
    )

    interval = class_bootstrap(result)

    # The true spread: the mean of 12 draws of a class that is hard with probability 1 / 3.
    error = math.sqrt(1 / 3 * 2 / 3 / 11)
    assert (interval.high - interval.low) / 2 == pytest.approx(2.2 * error, rel=0.2)
    assert interval.half_width > 5 * episodes_t(result.accuracies).half_width
    assert (interval.kind, interval.n) == ("open-bootstrap", 12)
    assert class_bootstrap(result) == interval
    assert class_bootstrap(result, seed=1) != interval


def test_class_bootstrap_without_class_effects_is_about_as_wide_as_the_episodes(
    make_result,
):
    result = make_result(0.8, n_episodes=2000)

    ratio = (
        class_bootstrap(result).half_width / episodes_t(result.accuracies).half_width
    )

    assert 0.9 < ratio < 2


def test_class_bootstrap_says_what_it_cannot_do(make_result):
    result = make_result()
    with pytest.raises(ResultError, match=r"shape \(40, 75\), got shape \(40, 5\)"):
        class_bootstrap(result, np.zeros((40, 5), np.int64))
    two = make_result(n_way=2, classes=np.tile(np.array([0, 1], np.uint16), (40, 1)))
    with pytest.raises(
        ResultError, match="more than n_way = 2 classes in the episodes, got 2"
    ):
        class_bootstrap(two)


def test_limits_that_rest_on_few_classes_or_episodes_say_so(make_result):
    """The rules of docs/statistics.md, one after the other."""
    hard = _with_hard_classes(make_result, n_hard=1, n_episodes=2000)
    assert "comes from only 1." in class_bootstrap(hard).caution
    plain = _with_hard_classes(make_result, n_hard=8, n_episodes=2000)
    assert class_bootstrap(plain).caution == ""
    noisy = make_result(0.8, n_episodes=60)
    caution = class_bootstrap(noisy).caution
    assert "comes from only" in caution or "too few episodes" in caution
    perfect = make_result(0.995, n_episodes=300)
    assert class_bootstrap(perfect).caution


def test_noise_far_from_the_ends_of_the_scale_is_called_too_few_episodes(make_result):
    few = _with_easy_and_hard_classes(make_result, n_episodes=60)
    assert 0.4 < few.accuracies.mean() < 0.6
    assert "too few episodes to tell" in class_bootstrap(few).caution
    many = _with_easy_and_hard_classes(make_result, n_episodes=3000)
    assert class_bootstrap(many).caution == ""


def test_a_few_hard_classes_near_the_end_of_the_scale_are_called_so(make_result):
    hard = _with_easy_and_hard_classes(make_result, n_episodes=3000, n_hard=6, easy=15)
    assert hard.accuracies.mean() > 0.9
    assert "so close to the end of the scale" in class_bootstrap(hard).caution


def _with_easy_and_hard_classes(make_result, n_episodes, n_hard=44, easy=13):
    """A result on 88 classes: of 15 queries, 3 of a hard class are right."""
    rng = np.random.default_rng(0)
    chosen = [rng.permutation(88)[:5] for _ in range(n_episodes)]
    classes = np.array(chosen, np.uint16)
    n_right = np.where(classes < n_hard, 3, easy)
    wrong = np.arange(15) >= n_right[:, :, None]
    truth = np.arange(5)[:, None]
    predictions = np.where(wrong, (truth + 1) % 5, truth).astype(np.uint8)
    return make_result(
        n_episodes=n_episodes,
        classes=classes,
        class_names=np.array([f"class {number}" for number in range(88)]),
        class_sizes=np.full(88, 20, np.int32),
        predictions=predictions.reshape(n_episodes, -1),
        correct=(75 - wrong.sum(axis=(1, 2))).astype(np.int32),
    )


def _with_hard_classes(make_result, n_hard, n_episodes):
    """A result that is wrong on each third query of the first n_hard classes."""
    plain = make_result(0.99999, n_episodes=n_episodes)
    predictions = plain.predictions.copy().reshape(n_episodes, 5, 15)
    wrong = (plain.classes < n_hard)[:, :, None] & (np.arange(15) < 5)
    predictions[wrong] = (predictions[wrong] + 1) % 5
    correct = (75 - wrong.sum(axis=(1, 2))).astype(np.int32)
    return make_result(
        n_episodes=n_episodes,
        classes=plain.classes,
        predictions=predictions.reshape(n_episodes, -1),
        correct=correct,
    )


def test_a_few_imperfect_episodes_say_nothing_about_classes(make_result):
    few = _with_hard_classes(make_result, n_hard=0, n_episodes=400)
    with pytest.raises(ResultError, match="expected at least 50 episodes"):
        class_bootstrap(few)


def test_the_interval_does_not_depend_on_how_classes_are_numbered(make_result):
    result = _with_hard_classes(make_result, n_hard=6, n_episodes=500)
    order = np.random.default_rng(1).permutation(12)
    # The same classes under other numbers, and the labels of each episode in turn.
    renamed = make_result(
        n_episodes=500,
        classes=order[result.classes].astype(np.uint16),
        predictions=result.predictions,
        correct=result.correct,
    )

    first, second = class_bootstrap(result), class_bootstrap(renamed)

    assert second.mean == first.mean
    # The resamples differ, the variance does not.
    assert second.half_width == pytest.approx(first.half_width, rel=0.1)

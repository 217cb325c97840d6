from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.records import ResultError
from fewbench.reports.stats.bootstrap import (
    bootstrap_t_limits,
    class_influence,
    drawn_together,
    effective_number,
    image_variance,
    influence_noise,
    within_classes,
)
from fewbench.reports.stats.class_bootstrap import class_bootstrap


def test_class_influence_is_what_a_class_moves():
    # Classes of accuracy 1.2, 0.6 and 0 (were that possible), an episode of two scores their mean.
    classes = np.array([[0, 1], [2, 0], [1, 2]])

    influence = class_influence(np.array([0.9, 0.6, 0.3]), classes)

    assert influence == pytest.approx([0.6, 0, -0.6])


def test_image_variance_is_that_of_redrawing_the_query_images(make_result):
    result = make_result(0.7, n_episodes=60)
    rng = np.random.default_rng(3)
    images = rng.integers(20, size=result.predictions.shape)
    hits = result.hits.reshape(60, 5, 15)
    means = []
    for _ in range(2000):
        shares = []
        for c in range(12):
            own = result.classes == c
            asked, right = (
                images.reshape(60, 5, 15)[own].reshape(-1),
                hits[own].reshape(-1),
            )
            times = np.bincount(rng.integers(20, size=20), minlength=20)[asked]
            shares.append((times * right).sum() / times.sum())
        means.append(np.mean(shares))

    # 2,000 resamples know a variance to 3 %, the ratio within a class is linearised.
    assert image_variance(result, images) == pytest.approx(np.var(means), rel=0.15)
    assert (
        class_bootstrap(result, images).half_width > class_bootstrap(result).half_width
    )


def test_turned_copies_of_a_class_are_drawn_with_it(make_result):
    names = np.array([f"a/rotor{c % 3}/rot{90 * (c // 3):03d}" for c in range(12)])
    turned = make_result(0.8, n_episodes=500, rotations=True, class_names=names)
    apart = make_result(0.8, n_episodes=500, class_names=names)

    influence = class_influence(turned.accuracies, turned.classes)

    expected = [influence[[c, c + 3, c + 6, c + 9]].mean() for c in range(3)]
    assert drawn_together(influence, turned) == pytest.approx(expected)
    assert drawn_together(influence, apart) is influence
    assert class_bootstrap(apart).n == 12
    with pytest.raises(ResultError, match="got 3"):  # no more than n_way
        class_bootstrap(turned)


def test_the_groups_that_are_given_are_drawn_as_a_whole(make_result):
    result = make_result(0.8, n_episodes=500)
    influence = class_influence(result.accuracies, result.classes)
    # Six groups of one and one of six: a large group moves the mean more.
    groups = ["a", "b", "c", "d", "e", "f", *["rest"] * 6]

    together = drawn_together(influence, result, groups)

    expected = [*influence[:6], influence[6:].sum()]
    assert together == pytest.approx(np.array(expected) * 7 / 12)
    assert together.sum() == pytest.approx(0, abs=1e-12)
    assert class_bootstrap(result, groups=groups).n == 7
    with pytest.raises(ResultError, match="each of the 12 classes, got 3"):
        class_bootstrap(result, groups=["a", "b", "c"])


def all_episodes(n_classes, n_way):
    """Every set of n_way of the classes, as an episode: int (n_episodes, n_way)."""
    return np.array(list(combinations(range(n_classes), n_way)))


def test_the_noise_of_all_5_of_6_episodes_agrees_with_a_hand_calculation():
    # Each of the 6 classes is in 5 of the 6 episodes, and 1 / 5 - 1 / 6 = 1 / 30.
    # An influence is 5 * (6 - 1) / (6 - 5) = 25 times a mean deviation. Over 6 - 1:
    by_hand = 25**2 / 30 / 5

    assert influence_noise(1.0, np.full(6, 5), 6) == pytest.approx(by_hand)
    # That is n_way * finite_classes / n_episodes.
    assert by_hand == pytest.approx(5 * 5 / 6)


@given(n_classes=st.integers(3, 8), data=st.data())
def test_noise_is_measured_and_removed_without_bias(n_classes, data):
    n_way = data.draw(st.integers(2, n_classes - 1))
    episodes = all_episodes(n_classes, n_way)
    # Noise of variance 1 in each episode: a quadratic form's mean is the sum of its
    # values for the unit vectors.
    variances = []
    within = []
    for one in np.eye(len(episodes)):
        influence = class_influence(one, episodes)
        variances.append(influence.var(ddof=1) / n_classes)
        within.append(within_classes(one, episodes))
    times = np.bincount(episodes.reshape(-1))

    assert sum(within) == pytest.approx(1)
    noise = influence_noise(sum(within), times, len(episodes))
    assert noise == pytest.approx(sum(variances))


@given(n_classes=st.integers(3, 7), data=st.data())
def test_without_noise_the_influence_is_the_effect_of_a_class(n_classes, data):
    n_way = data.draw(st.integers(2, n_classes - 1))
    effects = np.array(
        data.draw(st.lists(st.floats(-1, 1), min_size=n_classes, max_size=n_classes))
    )
    episodes = all_episodes(n_classes, n_way)

    influence = class_influence(effects[episodes].sum(axis=1), episodes)

    assert influence == pytest.approx(n_way * (effects - effects.mean()), abs=1e-9)


def test_one_class_that_differs_from_all_others_is_told_and_bounded():
    influence = np.array([19.0, *[-1.0] * 19])
    rng = np.random.default_rng(0)

    assert effective_number(influence) == pytest.approx(1.1, abs=0.1)
    assert effective_number(np.array([1.0, -1.0] * 5)) == 10
    # Twice the 97.5 % quantile of Student's t with 19 degrees of freedom.
    low, high = bootstrap_t_limits(influence, 0.05, 500, rng)
    assert low == pytest.approx(-2 * 2.093024)
    assert 0 < high < 2 * 2.093024

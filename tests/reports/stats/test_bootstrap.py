import numpy as np
import pytest

from fewbench.reports.records import ResultError
from fewbench.reports.stats.bootstrap import (
    class_influence,
    drawn_together,
    image_variance,
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

"""Compute an interval that holds for other classes, by a bootstrap over classes."""

import numpy as np

from ..records import ResultError, RunResult
from .arrays import FloatArray, IntArray
from .betting import FEW, little_spread
from .bootstrap import (
    bootstrap_t_limits,
    class_influence,
    drawn_together,
    finite_classes,
    image_variance,
)
from .intervals import Interval, as_fractions, mean_and_std


def class_bootstrap(
    result: RunResult,
    images: IntArray | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Return a bootstrap-t interval over classes, of kind "open-bootstrap".

    The interval holds for other draws of classes. Its n is the number of classes. A
    class and its rotated copies count as one class.

    images: int64 (n_episodes, n_way * n_query) image number of each query. Without
        `images`, the noise of the images already counts once, because a class that is
        drawn again brings its images along. With `images`, the variance from drawing
        query images again is added. The noise of the images then counts nearly twice,
        and the interval is a little too wide.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), 12.5.
    Raises ResultError if at most n_way classes occur in the episodes, if nearly all
    episodes have the same accuracy, or if `images` has the wrong shape.
    """
    accuracies = as_fractions(result.accuracies, level)
    n_way = result.protocol.n_way
    single = class_influence(accuracies, result.classes)
    influence = drawn_together(single, result)
    n = influence.size
    _check(accuracies, n, n_way)
    variance = _variance(
        accuracies,
        influence,
        finite_classes(single.size, n_way),
        n_way,
    )
    if images is not None:
        variance += image_variance(result, images)
    rng = np.random.default_rng(seed)
    lower, upper = bootstrap_t_limits(influence, 1 - level, resamples, rng)
    mean, _ = mean_and_std(accuracies)
    error = float(np.sqrt(variance))
    # A bootstrap-t interval mirrors the quantiles: a long left tail widens the upper
    # side.
    low = float(np.clip(mean - upper * error, 0, 1))
    high = float(np.clip(mean - lower * error, 0, 1))
    return Interval(
        mean=mean,
        low=low,
        high=high,
        level=level,
        kind="open-bootstrap",
        n=n,
    )


def _check(accuracies: FloatArray, n_classes: int, n_way: int) -> None:
    if little_spread(accuracies):
        raise ResultError(
            "open-bootstrap interval: nearly all episodes have the same accuracy: "
            f"expected at least {FEW} episodes whose accuracy differs from the most "
            f"common accuracy, got fewer in {accuracies.size} episodes. Evaluate more: "
            f"--episodes 10000"
        )
    if n_classes <= n_way:
        raise ResultError(
            "open-bootstrap interval: too few classes: expected more than n_way = "
            f"{n_way} classes in the episodes, got {n_classes}. Choose a split with "
            "more classes"
        )


def _variance(
    accuracies: FloatArray,
    influence: FloatArray,
    correction: float,
    n_way: int,
) -> float:
    """Return the variance of the mean accuracy if other classes are drawn.

    The episodes are a sample too. The variance between classes contains the noise of
    the episodes about n_way times. This noise must count once, so the excess is
    subtracted.
    """
    noise = float(accuracies.var(ddof=1)) / accuracies.size
    excess = n_way * correction**2 - 1
    between_classes = float(influence.var(ddof=1)) / influence.size
    return max(between_classes - excess * noise, noise)

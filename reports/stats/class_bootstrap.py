"""The interval about other classes: a bootstrap of the classes of a split."""

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
    """Bootstrap-t over the classes of the split: about other classes, kind "open-bootstrap".

    n counts classes; a class and its rotated copies count once.

    images: int64 (n_episodes, n_way * n_query) which image each query was. They add the
        variance of drawing query images again within their classes. A class that is drawn
        again brings its images along, so without `images` their noise counts once. With
        them it counts nearly twice, and the interval is a little too wide.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), 12.5.
    Raises ResultError when no more classes than n_way occur in the episodes.
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
    # The bootstrap-t interval mirrors the quantiles: a long left tail widens the upper side.
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
            f"open-bootstrap interval: no class is known to be harder than another: expected "
            f"at least {FEW} episodes that differ in accuracy from most, got fewer of "
            f"{accuracies.size}. Evaluate more: --episodes 10000"
        )
    if n_classes <= n_way:
        raise ResultError(
            f"open-bootstrap interval: it draws classes again: expected more than n_way = "
            f"{n_way} of them in the episodes, got {n_classes}. Choose a split with more "
            f"classes"
        )


def _variance(
    accuracies: FloatArray,
    influence: FloatArray,
    correction: float,
    n_way: int,
) -> float:
    """Variance of the mean over other classes.

    The episodes are a sample too. Their noise is in the influence of each class, n_way
    times over, and once is right.
    """
    noise = float(accuracies.var(ddof=1)) / accuracies.size
    excess = n_way * correction**2 - 1
    between_classes = float(influence.var(ddof=1)) / influence.size
    return max(between_classes - excess * noise, noise)

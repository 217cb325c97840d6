"""Compute an interval that holds for other classes, by a bootstrap over classes."""

from collections.abc import Sequence

import numpy as np

from ..records import ResultError, RunResult
from .accuracies import as_fractions, mean_and_std
from .arrays import FloatArray, IntArray
from .bootstrap import (
    bootstrap_t_limits,
    class_influence,
    drawn_together,
    effective_number,
    image_variance,
    influence_noise,
    within_classes,
)
from .intervals import Interval
from .little_spread import FEW, little_spread

# The interval gets a caution if its variance comes from fewer classes than this, or if
# more than this share of its variance may be noise of the episodes. docs/statistics.md
# has all the rules.
FEWEST_CLASSES = 5
MOST_DOUBT = 1 / 3
# A mean is near an end of the scale if it is at most this far from 0 or 1.
NEAR_END = 0.1
_FEW_EPISODES = (
    "rough limits: too few episodes to tell the classes from noise. Evaluate more: "
    "--episodes 10000"
)


def class_bootstrap(
    result: RunResult,
    images: IntArray | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> Interval:
    """Return a bootstrap-t interval over classes, of kind "open-bootstrap".

    The interval holds for other draws of classes. Its n is the number of classes. A
    class and its rotated copies count as one class. Its `caution` says so if the limits
    rest on too few classes or episodes.

    images: int64 (n_episodes, n_way * n_query) image number of each query. Without
        `images`, the noise of the images already counts once, because a class that is
        drawn again brings its images along. With `images`, the variance from drawing
        query images again is added. The noise of the images then counts nearly twice,
        and the interval is a little too wide.
    groups: the group of each class of the split, in the order of class_names. If given,
        groups are drawn again instead of classes, and n is their number. Use it if
        other classes would come from other groups, as from other alphabets.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), 12.5.
    Raises ResultError if at most n_way classes or groups occur in the episodes, if
    nearly all episodes have the same accuracy, or if `images` or `groups` has the wrong
    size.
    """
    accuracies = as_fractions(result.accuracies, level)
    influence = drawn_together(
        class_influence(accuracies, result.classes), result, groups
    )
    n = influence.size
    _check(accuracies, n, result.protocol.n_way)
    variance, doubt = _variance(accuracies, result.classes, influence)
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
        caution=_caution(mean, influence, doubt),
    )


def _check(accuracies: FloatArray, n_classes: int, n_way: int) -> None:
    if little_spread(accuracies):
        raise ResultError(
            "open-bootstrap interval: nearly all episodes have the same accuracy: "
            f"expected at least {FEW} episodes whose accuracy differs from the most "
            f"common accuracy, or half of the episodes, got fewer in {accuracies.size} "
            "episodes. Evaluate more: --episodes 10000"
        )
    if n_classes <= n_way:
        raise ResultError(
            "open-bootstrap interval: too few classes: expected more than n_way = "
            f"{n_way} classes in the episodes, got {n_classes}. Choose a split with "
            "more classes"
        )


def _variance(
    accuracies: FloatArray,
    classes: IntArray,
    influence: FloatArray,
) -> tuple[float, float]:
    """Return the variance of the mean over other classes, and how much of it is doubt.

    The episodes are a sample too. The variance between classes contains the noise of
    the episodes about n_way times. It must be counted once, so it is subtracted, and
    the variance of the mean of the episodes is added.

    The noise that was really met is known to one standard deviation, sqrt(2 / (n - 1))
    of it. This doubt is not subtracted. So few classes or episodes make the interval
    wider rather than too narrow. It is returned as a share of the variance.
    """
    n = influence.size
    within = within_classes(accuracies, classes)
    times = np.bincount(classes.reshape(-1))
    noise = influence_noise(within, times[times > 0], accuracies.size)
    unsure = noise * min(np.sqrt(2 / (n - 1)), 1)
    between_classes = float(influence.var(ddof=1)) / n
    of_classes = max(between_classes - noise + unsure, 0)
    variance = float(of_classes + within / accuracies.size)
    if variance == 0:
        return 0.0, 0.0
    return variance, float(unsure) / variance


def _caution(mean: float, influence: FloatArray, doubt: float) -> str:
    """Return why the limits are rough, or "".

    doubt: share of the variance that may be noise of the episodes
    """
    n_effective = effective_number(influence)
    if n_effective < FEWEST_CLASSES:
        return (
            f"rough limits: the spread between the {influence.size} classes comes from "
            f"only {n_effective:.1f} of them"
        )
    if doubt > MOST_DOUBT:
        return _FEW_EPISODES
    to_the_end = min(mean, 1 - mean)
    if influence.std(ddof=1) > to_the_end:
        # The influences contain the noise of the episodes. Far from both ends, it is
        # mostly this noise that makes them so large.
        if to_the_end > NEAR_END:
            return _FEW_EPISODES
        # Most classes are at the end of the scale, and a few decide.
        return (
            "rough limits: so close to the end of the scale, a few hard or easy classes "
            "decide, and these classes may hold none of them"
        )
    return ""

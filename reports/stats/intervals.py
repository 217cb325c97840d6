"""Compute confidence intervals of a mean accuracy.

Each kind of interval holds for other draws of something: episodes, images or classes.
docs/statistics.md explains the kinds, and shows by simulation how often each holds the
true mean.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit  # importing scipy.stats would take most of a second

from ..records import ResultError, RunResult
from .accuracies import as_fractions, check_level, mean_and_std
from .arrays import FloatArray
from .betting import betting_limits
from .little_spread import Allowance, MeanError

# The rounded factors by which papers multiplied std / sqrt(n).
LEGACY_Z = {0.90: 1.645, 0.95: 1.96, 0.99: 2.576}
# The ddof of the standard deviation, and a number that is added to n under the root. In
# turn: numpy's default (Finn 2017, Chen 2019), the unbiased variance (Snell 2017), and
# MetaOptNet's test script (Lee 2019).
LEGACY_KINDS = {"legacy-z": (0, 0), "legacy-z-ddof1": (1, 0), "legacy-z-n1": (0, 1)}
# With hardly any spread, formulas based on the spread give about ± 0. That is wrong for
# two perfect episodes, for instance. Intervals with an allowance for what was not seen
# replace them and have this kind.
LITTLE_SPREAD = "little-spread"


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval, as fractions.

    Whether two intervals overlap does not tell whether two results differ: use
    `compare`.

    kind: the name of the formula
    n: number of averaged values
    caution: why the limits are rough; "" if they are not
    """

    mean: float
    low: float
    high: float
    level: float
    kind: str
    n: int
    caution: str = ""

    @property
    def of_little_spread(self) -> bool:
        """Whether the values were too much alike for the usual formula."""
        return self.kind == LITTLE_SPREAD

    @property
    def half_width(self) -> float:
        """The larger of the distances from the mean to a limit.

        So mean ± half_width contains the whole interval.
        """
        above = self.high - self.mean
        below = self.mean - self.low
        return max(above, below)

    def __str__(self) -> str:
        return f"{100 * self.mean:.2f} ± {100 * self.half_width:.2f} %"


def episodes_t(accuracies: ArrayLike, level: float = 0.95) -> Interval:
    """Return Student's t-interval of the mean over episodes.

    It has n - 1 degrees of freedom, and the standard deviation has ddof 1. The interval
    holds for these test classes, these images and this training run. More episodes make
    it narrower, but tell nothing more about other classes. If the accuracies are too
    much alike (`little_spread`), it is wider and of kind "little-spread".

    accuracies: float64 (n_episodes,) fraction of right answers in each episode
    Raises ResultError for fewer than two episodes or for values that are not fractions.
    """
    values = as_fractions(accuracies, level)
    return _over_episodes(values, level, "episodes-t")


def legacy_z(
    accuracies: ArrayLike,
    level: float = 0.95,
    kind: str = "legacy-z",
) -> Interval:
    """Return the interval of older papers: ± 1.96 * std / sqrt(n) at level 0.95.

    Use it only to set a number beside an old table. Like `episodes_t` it holds for
    these classes, images and this training run, but it is a little narrower.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode
    kind: a key of LEGACY_KINDS, which has the variants of the formula
    Raises ResultError for fewer than two episodes, for values that are not fractions,
    or for a level that is not in LEGACY_Z.
    """
    values = as_fractions(accuracies, level)
    if level not in LEGACY_Z:
        levels = ", ".join(map(str, LEGACY_Z))
        raise ResultError(
            f"{kind} interval: this kind exists only for some levels: expected one of "
            f"{levels}, got {level}. Choose one of them, or the kind episodes-t"
        )
    ddof, extra = LEGACY_KINDS[kind]
    mean, std = mean_and_std(values, ddof)
    if not std:
        return widened(values, level)
    root = float(np.sqrt(values.size + extra))
    half = LEGACY_Z[level] * std / root
    return Interval(
        mean=mean,
        low=mean - half,
        high=mean + half,
        level=level,
        kind=kind,
        n=values.size,
    )


def open_t(result: RunResult, level: float = 0.95) -> Interval:
    """Return Student's t-interval over disjoint episodes, of kind "open".

    It holds for other images of these classes. No image is drawn twice, so the spread
    between episodes contains the noise of the images. Classes do occur in several
    episodes; `class_bootstrap` gives an interval for other classes.

    Source: Lafargue et al., Oops, I Sampled it Again (arXiv 2409.02850).
    Raises ResultError if the protocol's sampling is not "disjoint", or if there are
    fewer than two episodes.
    """
    sampling = result.protocol.sampling
    if sampling != "disjoint":
        raise ResultError(
            "open interval: episodes must not share images: expected sampling "
            f"'disjoint', got sampling '{sampling}'. Evaluate with --disjoint, or call "
            "class_bootstrap"
        )
    values = as_fractions(result.accuracies, level)
    return _over_episodes(values, level, "open")


def anytime(accuracies: ArrayLike, level: float = 0.95) -> Interval:
    """Return an interval that stays valid if you look at it after every episode.

    With the probability `level`, all the intervals that you look at contain the mean.
    Like `episodes_t` it holds for these classes, these images and this training run. It
    is wider (mostly about 1.7 times) and not symmetric; see `betting_limits`.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode so far
    Raises ResultError for fewer than two episodes or for values that are not fractions.
    """
    values = as_fractions(accuracies, level)
    return bounded(values, level, "anytime")


def result_interval(result: RunResult, level: float = 0.95) -> Interval:
    """Return the interval of the kind that the protocol names, for tables and plots.

    Raises ResultError with the name of the result if the interval cannot be computed.
    """
    try:
        return _of_kind(result, level)
    except ResultError as error:
        raise ResultError(f"{result.file_stem}: {error}") from error


def mean_t(values: FloatArray, level: float, kind: str) -> Interval:
    """Return Student's t-interval of the mean of fractions.

    If all values are equal, it is the interval of `widened`.

    values: float64 (n,), n at least 2
    """
    check_level(level)
    mean, std = mean_and_std(values)
    if not std:
        return widened(values, level)
    quantile = float(stdtrit(values.size - 1, (1 + level) / 2))
    half = quantile * std / float(np.sqrt(values.size))
    return Interval(
        mean=mean,
        low=mean - half,
        high=mean + half,
        level=level,
        kind=kind,
        n=values.size,
    )


def widened(values: FloatArray, level: float) -> Interval:
    """Return the interval of values that are nearly all alike, of kind "little-spread".

    It is Student's t-interval with the allowance of the module `little_spread`.

    values: float64 (n,) fractions, n at least 2
    """
    mean, std = mean_and_std(values)
    n = values.size
    error = std / float(np.sqrt(n))
    known = MeanError(error, n - 1, Allowance.of(values))
    tail = (1 - level) / 2
    return Interval(
        mean=mean,
        low=max(mean - known.width(tail, mean), 0.0),
        high=min(mean + known.width(tail, 1 - mean), 1.0),
        level=level,
        kind=LITTLE_SPREAD,
        n=n,
    )


def bounded(values: FloatArray, level: float, kind: str) -> Interval:
    """Return an interval by betting. It assumes only that the values are fractions.

    values: float64 (n,) fractions
    """
    distinct, counts = np.unique(values, return_counts=True)
    low, high = betting_limits(distinct, counts, 1 - level)
    mean, _ = mean_and_std(values)
    return Interval(
        mean=mean,
        low=low,
        high=high,
        level=level,
        kind=kind,
        n=values.size,
    )


def _of_kind(result: RunResult, level: float) -> Interval:
    kind = result.protocol.interval
    if kind == "open":
        return open_t(result, level)
    if kind == "anytime":
        return anytime(result.accuracies, level)
    if kind in LEGACY_KINDS:
        return legacy_z(result.accuracies, level, kind)
    return episodes_t(result.accuracies, level)


def _over_episodes(values: FloatArray, level: float, kind: str) -> Interval:
    if Allowance.of(values).weight:
        return widened(values, level)
    return mean_t(values, level, kind)

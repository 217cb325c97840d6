"""Confidence intervals of a mean accuracy.

Each kind says what its ± is about. docs/statistics.md explains them, and shows by simulation how
often each covers what it claims.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit  # importing scipy.stats would take most of a second

from ..records import ResultError, RunResult
from .arrays import FloatArray
from .betting import betting_limits, little_spread

# The rounded factors by which papers multiplied std / sqrt(n).
LEGACY_Z = {0.90: 1.645, 0.95: 1.96, 0.99: 2.576}
# ddof of the standard deviation, and what was added to n under the root: numpy's default (Finn
# 2017, Chen 2019), the unbiased variance (Snell 2017), and MetaOptNet's test script (Lee 2019).
LEGACY_KINDS = {"legacy-z": (0, 0), "legacy-z-ddof1": (1, 0), "legacy-z-n1": (0, 1)}
# Where there is hardly any spread, formulas that rest on it give about ± 0, which two perfect
# episodes do not deserve. Betting limits then take their place, under this name.
LITTLE_SPREAD = "little-spread"


@dataclass(frozen=True)
class Interval:
    """A mean with its interval, as fractions.

    Two intervals that overlap decide nothing: compare on the same episodes.

    kind: the formula
    n: how many values were averaged
    """

    mean: float
    low: float
    high: float
    level: float
    kind: str
    n: int

    @property
    def of_little_spread(self) -> bool:
        """Whether the values are too much alike for the usual formula."""
        return self.kind == LITTLE_SPREAD

    @property
    def half_width(self) -> float:
        """The larger distance to a limit: mean ± half_width holds the interval."""
        above = self.high - self.mean
        below = self.mean - self.low
        return max(above, below)

    def __str__(self) -> str:
        return f"{100 * self.mean:.2f} ± {100 * self.half_width:.2f} %"


def episodes_t(accuracies: ArrayLike, level: float = 0.95) -> Interval:
    """Student's t-interval of the mean over episodes (n - 1 degrees of freedom, ddof 1).

    The interval is conditional on these test classes and images. More episodes make it
    narrower without telling more about other classes, and it knows nothing of other
    training runs. Where all but a few episodes are alike, its kind is "little-spread": see
    `little_spread`.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode
    Raises ResultError for fewer than two episodes or values that are not fractions.
    """
    values = as_fractions(accuracies, level)
    return _over_episodes(values, level, "episodes-t")


def legacy_z(
    accuracies: ArrayLike,
    level: float = 0.95,
    kind: str = "legacy-z",
) -> Interval:
    """The interval of older papers, 1.96 * std / sqrt(n) over episodes, as LEGACY_KINDS says.

    It exists only to set a number beside an old table. It is conditional like `episodes_t`,
    and a little narrower.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode
    Raises ResultError for fewer than two episodes, values that are not fractions, or a level
    without a customary factor.
    """
    values = as_fractions(accuracies, level)
    if level not in LEGACY_Z:
        levels = ", ".join(map(str, LEGACY_Z))
        raise ResultError(
            f"{kind} interval: no customary factor: expected a level of {levels}, got {level}"
        )
    ddof, extra = LEGACY_KINDS[kind]
    mean, std = mean_and_std(values, ddof)
    if not std:
        return bounded(values, level, LITTLE_SPREAD)
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
    """Student's t-interval over disjoint episodes: about other images of these classes.

    No image is drawn twice, so each episode brings fresh noise of images, and their spread
    contains it. Classes do come again: for other classes see `class_bootstrap`.

    Source: Lafargue et al., Oops, I Sampled it Again (arXiv 2409.02850).
    Raises ResultError when the episodes are not known to be disjoint.
    """
    sampling = result.protocol.sampling
    if sampling != "disjoint":
        raise ResultError(
            f"open interval: episodes that share images repeat each other's noise: expected a "
            f"protocol of disjoint episodes, got sampling '{sampling}'. Evaluate with "
            f"--disjoint, or bootstrap the classes: class_bootstrap"
        )
    values = as_fractions(result.accuracies, level)
    return _over_episodes(values, level, "open")


def anytime(accuracies: ArrayLike, level: float = 0.95) -> Interval:
    """The interval that one may look at after every episode, and stop at any time.

    It holds the mean at all stopping times at once, for any n. It is conditional like
    `episodes_t`, about 1.7 times as wide, and not symmetric: see `betting_limits`.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode so far
    Raises ResultError for fewer than two episodes or values that are not fractions.
    """
    values = as_fractions(accuracies, level)
    return bounded(values, level, "anytime")


def result_interval(result: RunResult, level: float = 0.95) -> Interval:
    """The interval that tables and plots show, of the kind that the protocol names.

    Raises ResultError naming the result.
    """
    try:
        return _of_kind(result, level)
    except ResultError as error:
        raise ResultError(f"{result.file_stem}: {error}") from error


def mean_t(values: FloatArray, level: float, kind: str) -> Interval:
    """Student's t-interval of the mean of fractions; "little-spread" where all are alike.

    values: float64 (n,), n at least 2
    """
    check_level(level)
    mean, std = mean_and_std(values)
    if not std:
        return bounded(values, level, LITTLE_SPREAD)
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


def bounded(values: FloatArray, level: float, kind: str) -> Interval:
    """The interval by betting, which assumes only that values: float64 (n,) are fractions."""
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


def check_level(level: float) -> None:
    """Raises ResultError unless the confidence level is a fraction between 0 and 1."""
    if not 0 < level < 1:
        raise ResultError(
            f"confidence level: expected a fraction like 0.95, got {level}"
        )


def mean_and_std(values: FloatArray, ddof: int = 1) -> tuple[float, float]:
    """Mean and standard deviation; equal values give a deviation of exactly zero.

    values: float64 (n,)
    """
    # Deviations from the first value: the rounding of a mean would leave 1e-17.
    shifted = values - values[0]
    mean = float(values[0] + shifted.mean())
    std = float(shifted.std(ddof=ddof))
    return mean, std


def as_fractions(accuracies: ArrayLike, level: float) -> FloatArray:
    """The accuracies as float64 (n,), once they and the level were checked.

    Raises ResultError for fewer than two, or values that are not fractions.
    """
    values = np.asarray(accuracies, dtype=np.float64)
    check_level(level)
    if values.ndim != 1 or values.size < 2:
        raise ResultError(
            f"no interval without spread: expected the accuracies of at least 2 episodes, "
            f"got an array of shape {values.shape}. Evaluate more: --episodes 1000"
        )
    in_range = (values >= 0) & (values <= 1)
    if not np.all(in_range):
        raise ResultError(
            f"accuracies out of range: expected fractions from 0 to 1, got {values.min()} to "
            f"{values.max()}. Divide percentages by 100"
        )
    return values


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
    if little_spread(values):
        return bounded(values, level, LITTLE_SPREAD)
    return mean_t(values, level, kind)

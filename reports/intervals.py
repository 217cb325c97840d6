"""Confidence intervals of a mean accuracy. Each kind says what its ± is about."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .records import ResultError, RunResult

# The rounded factors that papers multiplied by std / sqrt(n).
LEGACY_Z = {0.90: 1.645, 0.95: 1.96, 0.99: 2.576}


@dataclass(frozen=True)
class Interval:
    """A mean accuracy with its interval: fractions. `kind` names the formula, `n` counts what
    was averaged. Two intervals that overlap decide nothing: compare on the same episodes."""

    mean: float
    low: float
    high: float
    level: float
    kind: str
    n: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        return f"{100 * self.mean:.2f} ± {100 * self.half_width:.2f} %"


def episodes_t(accuracies: ArrayLike, level: float = 0.95) -> Interval:
    """Student's t-interval of the mean over episodes (n - 1 degrees of freedom, ddof 1).

    accuracies: float64 (n_episodes,) fraction of right answers in each episode.
    The interval is conditional on these test classes and images: more episodes make it narrower
    without telling more about other classes, and it knows nothing of other training runs.
    Raises ResultError for fewer than two episodes or values that are not fractions.
    """
    values = _fractions(accuracies, level)
    quantile = float(stats.t.ppf((1 + level) / 2, values.size - 1))
    return _symmetric(values, quantile, 1, level, "episodes-t")


def legacy_z(accuracies: ArrayLike, level: float = 0.95, ddof: int = 0) -> Interval:
    """The interval of older papers, 1.96 * std / sqrt(n) over episodes, with std as they took it:
    ddof 0 is numpy's default (most code of the field), ddof 1 the unbiased variance.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode.
    Only to set a number beside an old table; conditional like `episodes_t`, and a little narrower.
    Raises ResultError for fewer than two episodes, values that are not fractions, or a level
    without a customary factor.
    """
    values = _fractions(accuracies, level)
    if level not in LEGACY_Z:
        levels = ", ".join(map(str, LEGACY_Z))
        raise ResultError(f"legacy-z interval: no customary factor. Expected {levels}; got {level}")
    return _symmetric(values, LEGACY_Z[level], ddof, level, "legacy-z")


def result_interval(result: RunResult) -> Interval:
    """The interval that tables and plots show for a result. Raises ResultError naming it."""
    try:
        return episodes_t(result.accuracies)
    except ResultError as error:
        raise ResultError(f"{result.file_stem}: {error}") from error


def _symmetric(
    values: NDArray[np.float64], quantile: float, ddof: int, level: float, kind: str
) -> Interval:
    # Deviations from the first value: equal values then give a width of exactly zero, where
    # the rounding of their mean would leave 1e-17.
    shifted = values - values[0]
    mean = float(values[0] + shifted.mean())
    half = quantile * float(shifted.std(ddof=ddof)) / float(np.sqrt(values.size))
    return Interval(mean, mean - half, mean + half, level, kind, values.size)


def _fractions(accuracies: ArrayLike, level: float) -> NDArray[np.float64]:
    values = np.asarray(accuracies, dtype=np.float64)
    if not 0 < level < 1:
        raise ResultError(f"confidence level: expected a fraction like 0.95; got {level}")
    if values.ndim != 1 or values.size < 2:
        raise ResultError(
            "no interval without spread: expected the accuracies of at least 2 episodes; "
            f"got an array of shape {values.shape}. Evaluate more: --episodes 1000"
        )
    if not np.all((values >= 0) & (values <= 1)):
        raise ResultError(
            "accuracies out of range: expected fractions from 0 to 1; "
            f"got {values.min()} to {values.max()}. Divide percentages by 100"
        )
    return values

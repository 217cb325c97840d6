"""Confidence intervals of a mean accuracy. Each kind says what its ± is about: docs/statistics.md
explains them, and shows by simulation how often each covers what it claims."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import (
    stdtrit,
)  # scipy.stats would cost every command most of a second

from ..records import ResultError, RunResult
from .betting import FEW, betting_limits, little_spread
from .bootstrap import (
    bootstrap_t_limits,
    class_influence,
    drawn_together,
    finite_classes,
    image_variance,
)

# What a recipe records of the run itself: differs between seeds by nature.
RUN_ONLY = {"seed", "trained_steps", "trained_seconds"}
# The rounded factors that papers multiplied by std / sqrt(n).
LEGACY_Z = {0.90: 1.645, 0.95: 1.96, 0.99: 2.576}
# ddof of the standard deviation, and what was added to n under the root: numpy's default (Finn
# 2017, Chen 2019), the unbiased variance (Snell 2017), and MetaOptNet's test script (Lee 2019).
LEGACY_KINDS = {"legacy-z": (0, 0), "legacy-z-ddof1": (1, 0), "legacy-z-n1": (0, 1)}
# Where the spread is not to be trusted every formula that goes by it says about ± 0, which two
# perfect episodes do not deserve: betting limits take its place, and say so.
LITTLE_SPREAD = "little-spread"


@dataclass(frozen=True)
class Interval:
    """A mean with its interval: fractions. `kind` names the formula, `n` counts what was
    averaged. Two intervals that overlap decide nothing: compare on the same episodes."""

    mean: float
    low: float
    high: float
    level: float
    kind: str
    n: int

    @property
    def of_little_spread(self) -> bool:
        """Whether what was averaged is too much alike for the usual formula."""
        return self.kind == LITTLE_SPREAD

    @property
    def half_width(self) -> float:
        """The larger distance to a limit: mean ± half_width holds the interval."""
        return max(self.high - self.mean, self.mean - self.low)

    def __str__(self) -> str:
        return f"{100 * self.mean:.2f} ± {100 * self.half_width:.2f} %"


def episodes_t(accuracies: ArrayLike, level: float = 0.95) -> Interval:
    """Student's t-interval of the mean over episodes (n - 1 degrees of freedom, ddof 1).

    accuracies: float64 (n_episodes,) fraction of right answers in each episode.
    The interval is conditional on these test classes and images: more episodes make it narrower
    without telling more about other classes, and it knows nothing of other training runs.
    Where all but a few episodes are alike it is of kind "little-spread": see `little_spread`.
    Raises ResultError for fewer than two episodes or values that are not fractions.
    """
    return _episodes(_fractions(accuracies, level), level, "episodes-t")


def legacy_z(
    accuracies: ArrayLike, level: float = 0.95, kind: str = "legacy-z"
) -> Interval:
    """The interval of older papers, 1.96 * std / sqrt(n) over episodes, as LEGACY_KINDS says.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode.
    Only to set a number beside an old table; conditional like `episodes_t`, and a little narrower.
    Raises ResultError for fewer than two episodes, values that are not fractions, or a level
    without a customary factor.
    """
    values = _fractions(accuracies, level)
    if level not in LEGACY_Z:
        levels = ", ".join(map(str, LEGACY_Z))
        raise ResultError(
            f"{kind} interval: no customary factor. Expected {levels}; got {level}"
        )
    ddof, extra = LEGACY_KINDS[kind]
    mean, std = _mean_and_std(values, ddof)
    if not std:
        return bounded(values, level, LITTLE_SPREAD)
    half = LEGACY_Z[level] * std / float(np.sqrt(values.size + extra))
    return Interval(mean, mean - half, mean + half, level, kind, values.size)


def open_t(result: RunResult, level: float = 0.95) -> Interval:
    """Student's t-interval over disjoint episodes: about other images of these classes.

    No image is drawn twice, so each episode brings fresh noise of images, and their spread
    counts it. Classes do come again: for other classes see `class_bootstrap`.
    Source: Lafargue et al., Oops, I Sampled it Again (arXiv 2409.02850).
    Raises ResultError when the episodes are not known to be disjoint.
    """
    sampling = result.protocol.sampling
    if sampling != "disjoint":
        raise ResultError(
            "open interval: episodes that share images repeat each other's noise. Expected a "
            f"protocol of disjoint episodes; got sampling '{sampling}'. Choose one whose sampling "
            "is disjoint (fewbench protocol list), or bootstrap the classes: class_bootstrap"
        )
    return _episodes(_fractions(result.accuracies, level), level, "open")


def anytime(accuracies: ArrayLike, level: float = 0.95) -> Interval:
    """The interval that one may look at after every episode and stop whenever one likes.

    accuracies: float64 (n_episodes,) fraction of right answers in each episode so far.
    Holds the mean at all stopping times at once, for any n; conditional like `episodes_t`, wider
    by about 1.7 times, and not symmetric: see `betting_limits`.
    Raises ResultError for fewer than two episodes or values that are not fractions.
    """
    return bounded(_fractions(accuracies, level), level, "anytime")


def class_bootstrap(
    result: RunResult,
    images: NDArray[np.integer] | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Bootstrap-t over the classes of the split: about other classes, kind "open-bootstrap".

    images: int64 (n_episodes, n_way * n_query) which image each query was; adds the variance of
        resampling query images within their classes. A class carries the noise of its images
        already, as they come along when it is resampled: without `images` that noise counts once,
        with them nearly twice, which errs on the wide side.
    `n` counts classes; one with its turned copies is one.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), 12.5.
    Raises ResultError when no more classes than n_way occur in the episodes.
    """
    accuracies, n_way = _fractions(result.accuracies, level), result.protocol.n_way
    single = class_influence(accuracies, result.classes)
    influence = drawn_together(single, result)
    n = influence.size
    if little_spread(accuracies):
        raise ResultError(
            "open-bootstrap interval: no class is known to be harder than another. Expected at "
            f"least {FEW} episodes that differ in accuracy from most; got fewer of "
            f"{accuracies.size}. Evaluate more: --episodes 10000"
        )
    if n <= n_way:
        raise ResultError(
            "open-bootstrap interval: classes are what it resamples. Expected more than n_way = "
            f"{n_way} of them in the episodes; got {n}. Choose a split with more classes"
        )
    # The episodes are a sample too. Their noise is in the influence of each class, n_way times
    # over; once is right.
    noise = float(accuracies.var(ddof=1)) / accuracies.size
    excess = n_way * finite_classes(single.size, n_way) ** 2 - 1
    variance = max(float(influence.var(ddof=1)) / n - excess * noise, noise)
    if images is not None:
        variance += image_variance(result, images)
    quantiles = bootstrap_t_limits(
        influence, 1 - level, resamples, np.random.default_rng(seed)
    )
    mean, error = _mean_and_std(accuracies)[0], float(np.sqrt(variance))
    # Whoever has a long tail to the left may be further down than up, hence high minus low.
    low, high = (float(np.clip(mean - q * error, 0, 1)) for q in quantiles[::-1])
    return Interval(mean, low, high, level, "open-bootstrap", n)


def train_seeds(results: Sequence[RunResult], level: float = 0.95) -> Interval:
    """Student's t-interval over training runs: about other seeds, on these same episodes.

    results: runs that differ in their training seed alone; `n` counts them.
    Raises ResultError for fewer than two, a seed that comes twice, or anything else that differs.
    """
    if len(results) < 2:
        raise ResultError(
            "train-seeds interval: expected at least 2 training runs that differ in their seed; "
            f"got {len(results)}. Train again: fewbench train --recipe NAME --seed 1 --out DIR"
        )
    for result in results[1:]:
        _refuse_unlike(_identity(results[0]), _identity(result))
    seeds = [result.train_seed for result in results]
    if len(set(seeds)) < len(seeds):
        raise ResultError(
            f"train-seeds interval: expected every training seed once; got {sorted(seeds)}. "
            "Leave one result of each seed"
        )
    return mean_t(
        _fractions([result.mean for result in results], level), level, "train-seeds"
    )


def result_interval(result: RunResult, level: float = 0.95) -> Interval:
    """The interval that tables and plots show for a result, of the kind that its protocol names.
    Raises ResultError naming the result."""
    kind = result.protocol.interval
    try:
        if kind == "open":
            return open_t(result, level)
        if kind == "anytime":
            return anytime(result.accuracies, level)
        if kind in LEGACY_KINDS:
            return legacy_z(result.accuracies, level, kind)
        return episodes_t(result.accuracies, level)
    except ResultError as error:
        raise ResultError(f"{result.file_stem}: {error}") from error


def mean_t(values: NDArray[np.float64], level: float, kind: str) -> Interval:
    """Student's t-interval of the mean of fractions; of kind "little-spread" where all are alike.
    values: float64 (n,), n at least 2."""
    check_level(level)
    mean, std = _mean_and_std(values)
    if not std:
        return bounded(values, level, LITTLE_SPREAD)
    half = (
        float(stdtrit(values.size - 1, (1 + level) / 2))
        * std
        / float(np.sqrt(values.size))
    )
    return Interval(mean, mean - half, mean + half, level, kind, values.size)


def _episodes(values: NDArray[np.float64], level: float, kind: str) -> Interval:
    if little_spread(values):
        return bounded(values, level, LITTLE_SPREAD)
    return mean_t(values, level, kind)


def bounded(values: NDArray[np.float64], level: float, kind: str) -> Interval:
    """The interval by betting, which assumes only that values: float64 (n,) are fractions."""
    low, high = betting_limits(*np.unique(values, return_counts=True), 1 - level)
    return Interval(_mean_and_std(values)[0], low, high, level, kind, values.size)


def check_level(level: float) -> None:
    """Raises ResultError unless the confidence level is a fraction between 0 and 1."""
    if not 0 < level < 1:
        raise ResultError(
            f"confidence level: expected a fraction like 0.95; got {level}"
        )


def _mean_and_std(values: NDArray[np.float64], ddof: int = 1) -> tuple[float, float]:
    # Deviations from the first value: equal values then give a spread of exactly zero, where
    # the rounding of their mean would leave 1e-17.
    shifted = values - values[0]
    return float(values[0] + shifted.mean()), float(shifted.std(ddof=ddof))


def _fractions(accuracies: ArrayLike, level: float) -> NDArray[np.float64]:
    values = np.asarray(accuracies, dtype=np.float64)
    check_level(level)
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


def _identity(result: RunResult) -> dict[str, object]:
    """What has to be equal between training runs of one recipe."""
    asked = {key: value for key, value in result.recipe.items() if key not in RUN_ONLY}
    recipe: dict[str, object] = {f"recipe {key}": value for key, value in asked.items()}
    names = ["learner", "backbone", "precision", "transductive", "partial"]
    names += ["data_fingerprint", "episodes_fingerprint"]
    return (
        vars(result.protocol) | {name: getattr(result, name) for name in names} | recipe
    )


def _refuse_unlike(first: dict[str, object], other: dict[str, object]) -> None:
    missing = "(missing)"
    for name in [*first, *(other.keys() - first.keys())]:
        expected, got = first.get(name, missing), other.get(name, missing)
        if expected != got:
            raise ResultError(
                "train-seeds interval: the results must differ in their training seed only. "
                f"Expected {name} {expected}; got {got}. Leave that result out"
            )

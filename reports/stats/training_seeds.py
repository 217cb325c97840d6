"""Compute an interval that holds for other training runs."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ..records import ResultError, RunResult
from .accuracies import as_fractions
from .intervals import Interval, mean_t

# The entries of a recipe that may differ between training seeds.
RUN_ONLY = {"seed", "trained_steps", "trained_seconds"}
_EQUAL_FIELDS = (
    "learner",
    "backbone",
    "precision",
    "image_changes",
    "transductive",
    "partial",
    "data_fingerprint",
    "episodes_fingerprint",
)


def train_seeds(results: Sequence[RunResult], level: float = 0.95) -> Interval:
    """Return Student's t-interval over training runs, of kind "train-seeds".

    It holds for other training seeds on these same episodes. Its n is the number of
    runs.

    results: results that differ only in their training seed
    Raises ResultError for fewer than two results, if two have the same training seed,
    if two made the same mistakes, or if they differ in anything else.
    """
    if len(results) < 2:
        raise ResultError(
            "train-seeds interval: expected at least 2 training runs with different "
            f"seeds, got {len(results)}. Train again: "
            "fewbench train --recipe NAME --seed 1 --out DIR"
        )
    first = _identity(results[0])
    for result in results[1:]:
        _refuse_unlike(first, _identity(result))
    seeds = [result.train_seed for result in results]
    if len(set(seeds)) < len(seeds):
        raise ResultError(
            "train-seeds interval: expected every training seed once, got "
            f"{sorted(seeds)}. Keep one result for each seed"
        )
    _refuse_copies(results)
    means = as_fractions([result.mean for result in results], level)
    return mean_t(means, level, "train-seeds")


def _identity(result: RunResult) -> dict[str, object]:
    """Return the facts that must be equal in all training runs of one recipe."""
    identity: dict[str, object] = dict(vars(result.protocol))
    for name in _EQUAL_FIELDS:
        identity[name] = getattr(result, name)
    for key, value in result.recipe.items():
        if key not in RUN_ONLY:
            identity[f"recipe {key}"] = value
    return identity


def _refuse_copies(results: Sequence[RunResult]) -> None:
    """Refuse runs with equal predictions, unless these are all right.

    Two trainings never end with the same mistakes in all episodes. So such results are
    of the same weights, which say nothing about other training seeds.
    """
    for first, other in combinations(results, 2):
        is_perfect = first.mean == 1
        if not is_perfect and np.array_equal(first.predictions, other.predictions):
            raise ResultError(
                "train-seeds interval: expected another training run for each seed, got "
                f"equal predictions with seeds {first.train_seed} and "
                f"{other.train_seed}. Keep one of these results"
            )


def _refuse_unlike(first: dict[str, object], other: dict[str, object]) -> None:
    missing = "(missing)"
    only_in_other = [name for name in other if name not in first]
    for name in [*first, *only_in_other]:
        expected = first.get(name, missing)
        got = other.get(name, missing)
        if expected != got:
            raise ResultError(
                "train-seeds interval: results must differ only in their training "
                f"seed: expected {name} {expected}, got {got}. "
                "Leave out the result that differs"
            )

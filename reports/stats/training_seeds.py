"""The interval about other training runs: runs that differ only in their training seed."""

from collections.abc import Sequence

from ..records import ResultError, RunResult
from .intervals import Interval, as_fractions, mean_t

# What a recipe records about the run itself: it differs between seeds by nature.
RUN_ONLY = {"seed", "trained_steps", "trained_seconds"}
_EQUAL_FIELDS = (
    "learner",
    "backbone",
    "precision",
    "transductive",
    "partial",
    "data_fingerprint",
    "episodes_fingerprint",
)


def train_seeds(results: Sequence[RunResult], level: float = 0.95) -> Interval:
    """Student's t-interval over training runs: about other seeds, on these same episodes.

    n counts runs.

    results: runs that differ only in their training seed
    Raises ResultError for fewer than two, a seed that comes twice, or anything else that
    differs.
    """
    if len(results) < 2:
        raise ResultError(
            f"train-seeds interval: expected at least 2 training runs that differ in their "
            f"seed, got {len(results)}. Train again: "
            f"fewbench train --recipe NAME --seed 1 --out DIR"
        )
    first = _identity(results[0])
    for result in results[1:]:
        _refuse_unlike(first, _identity(result))
    seeds = [result.train_seed for result in results]
    if len(set(seeds)) < len(seeds):
        raise ResultError(
            f"train-seeds interval: expected every training seed once, got {sorted(seeds)}. "
            f"Leave one result of each seed"
        )
    means = as_fractions([result.mean for result in results], level)
    return mean_t(means, level, "train-seeds")


def _identity(result: RunResult) -> dict[str, object]:
    """What must be equal between training runs of one recipe."""
    identity: dict[str, object] = dict(vars(result.protocol))
    for name in _EQUAL_FIELDS:
        identity[name] = getattr(result, name)
    for key, value in result.recipe.items():
        if key not in RUN_ONLY:
            identity[f"recipe {key}"] = value
    return identity


def _refuse_unlike(first: dict[str, object], other: dict[str, object]) -> None:
    missing = "(missing)"
    only_in_other = [name for name in other if name not in first]
    for name in [*first, *only_in_other]:
        expected = first.get(name, missing)
        got = other.get(name, missing)
        if expected != got:
            raise ResultError(
                f"train-seeds interval: the results must differ only in their training seed: "
                f"expected {name} {expected}, got {got}. Leave that result out"
            )

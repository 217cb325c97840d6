"""Results with a known machine, and references of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fewbench.benchmark.guard.references.reference import Made
from fewbench.benchmark.guard.references.reference_folder import (
    ReferenceFolder,
    StoredReference,
)
from fewbench.reports.records import RunResult, count_correct
from fewbench_tests.made_results import build_result

MACHINE = {
    "processor": "A processor",
    "instruction_set": "AVX2",
    "threads": "2",
    "torch": "2.6.0",
}
OTHER_MACHINE = MACHINE | {"instruction_set": "AVX512"}


def made(accuracy: float = 0.8, rng_seed: int = 0, **changes: Any) -> RunResult:
    """A result with a known machine."""
    return build_result(accuracy, rng_seed, **({"environment": MACHINE} | changes))


def with_changed(
    result: RunResult, n: int, *, to_right: int = 0, to_wrong: int = 0, **changes: Any
) -> RunResult:
    """A result with other predictions: `to_right` become right, `to_wrong` become wrong.

    n: how many wrong ones become another wrong label
    """
    protocol = result.protocol
    predictions = result.predictions.copy().ravel()
    truth = np.tile(
        np.arange(protocol.n_way).repeat(protocol.n_query), protocol.n_episodes
    )
    right = np.flatnonzero(predictions == truth)
    wrong = np.flatnonzero(predictions != truth)
    # Spread over all episodes, so that differences are not in a few of them.
    rng = np.random.default_rng(5)
    rng.shuffle(right)
    rng.shuffle(wrong)
    predictions[right[:to_wrong]] = (truth[right[:to_wrong]] + 1) % protocol.n_way
    predictions[wrong[:to_right]] = truth[wrong[:to_right]]
    for place in wrong[to_right : to_right + n]:
        taken = {int(truth[place]), int(predictions[place])}
        predictions[place] = min({*range(protocol.n_way)} - taken)
    shaped = predictions.reshape(result.predictions.shape)
    correct = count_correct(shaped, protocol.n_way)
    return replace(result, predictions=shaped, correct=correct, **changes)


def store(place: Path, *results: RunResult, **changes: Any) -> StoredReference:
    """Save a reference of one result, or of several training runs."""
    kind = "same" if len(results) == 1 else "retrained"
    values = {"name": "test_models.py::test_mine", "kind": kind, "results": results}
    used_set = ReferenceFolder(place / "accuracy" / "reference")
    return used_set.save(Made(**(values | changes)))


def runs(n: int, accuracy: float = 0.8) -> list[RunResult]:
    """Training runs with the seeds 0 to n - 1."""
    return [made(accuracy, seed, train_seed=seed) for seed in range(n)]

"""Results in words and as JSON, as several commands show them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...reports.records import RunResult


def result_label(result: RunResult) -> str:
    """A result in one line: learner, backbone, precision and seed, protocol, marks."""
    words = [
        result.learner,
        result.backbone,
        result.precision,
        f"seed {result.train_seed}",
        "on",
        result.protocol.name,
        _marks(result),
    ]
    return " ".join(filter(None, words))


def result_document(result: RunResult, level: float) -> dict[str, Any]:
    """A result with its interval at a confidence level."""
    from ...reports.stats.intervals import result_interval

    return {
        "learner": result.learner,
        "backbone": result.backbone,
        "precision": result.precision,
        "train_seed": result.train_seed,
        "protocol": result.protocol.name,
        **asdict(result_interval(result, level)),
    }


def _marks(result: RunResult) -> str:
    marks = ""
    if result.transductive:
        marks += "†"
    if result.partial:
        marks += "‡"
    return marks

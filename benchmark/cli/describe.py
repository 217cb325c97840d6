"""Describe results as text and as JSON, for several commands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...reports.records import RunResult


def result_label(result: RunResult) -> str:
    """Return a result in a few words, for example in a table.

    The words are the learner, backbone, precision, changes of the images, training seed
    and protocol, and a
    mark if the result is transductive (†), on partial data (‡), on other images than the
    reference build (§) or not repeatable (¶).
    """
    words = [
        result.learner,
        result.backbone,
        result.precision,
        result.image_changes,
        f"seed {result.train_seed}",
        "on",
        result.protocol.name,
        _marks(result),
    ]
    return " ".join(filter(None, words))


def result_document(result: RunResult, level: float) -> dict[str, Any]:
    """Return a result as JSON, with its interval at a confidence level."""
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
    from ...reports.remarks import is_unsteady

    marks = ""
    if result.transductive:
        marks += "†"
    if result.partial:
        marks += "‡"
    if is_unsteady(result):
        marks += "¶"
    if result.data_standing == "other":
        marks += "§"
    return marks

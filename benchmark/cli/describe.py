"""TODO docstring of fewbench.benchmark.cli.describe."""

from dataclasses import asdict
from typing import Any


def named(result: Any) -> str:
    parts = [
        result.learner,
        result.backbone,
        result.precision,
        f"seed {result.train_seed}",
    ]
    marks = "†" * result.transductive + "‡" * result.partial
    return f"{' '.join(filter(None, parts))} on {result.protocol.name} {marks}".rstrip()


def result_document(result: Any, level: float) -> dict[str, Any]:
    from ...reports.stats.intervals import result_interval

    return {
        "learner": result.learner,
        "backbone": result.backbone,
        "precision": result.precision,
        "train_seed": result.train_seed,
        "protocol": result.protocol.name,
        **asdict(result_interval(result, level)),
    }

"""What `fewbench evaluate` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...reports.records import RunResult
    from ...reports.stats.intervals import Interval


@dataclass(frozen=True)
class DescribedEvaluation:
    """An evaluation as a JSON document and as text.

    reached: whether the interval is as narrow as wanted, if anything was wanted
    """

    document: dict[str, Any]
    text: str
    reached: bool


def describe_evaluation(
    path: Path, result: RunResult, half_width: float | None
) -> DescribedEvaluation:
    """A result, where it was saved, and whether it reached the wanted half-width."""
    from ...reports.stats.available import available_interval
    from ...reports.tables.other_classes import other_classes_interval

    # A single episode has neither of these intervals.
    interval = available_interval(result)
    others = other_classes_interval(result)
    document = {"path": str(path), **evaluation_document(result, interval, others)}
    lines = [_table_text(result, others), _seconds_text(result), f"wrote {path}"]
    reached = True
    if half_width is not None:
        reached = interval is not None and interval.half_width <= half_width
        if interval is not None:
            document["reached"] = reached
            lines.append(stopping_text(interval, half_width))
    return DescribedEvaluation(document, "\n".join(lines), reached)


def describe_evaluations(
    saved: Sequence[tuple[Path, RunResult]], half_width: float | None
) -> DescribedEvaluation:
    """Several results. The document of a single one stands alone."""
    described = [
        describe_evaluation(path, result, half_width) for path, result in saved
    ]
    if len(described) == 1:
        return described[0]
    document = {"results": [one.document for one in described]}
    texts = [one.text for one in described]
    if not described:
        texts = ["nothing to do: every result is there already"]
    reached = all(one.reached for one in described)
    return DescribedEvaluation(document, "\n\n".join(texts), reached)


def evaluation_document(
    result: RunResult, interval: Interval | None, others: Interval | None
) -> dict[str, Any]:
    """The numbers of a result, unrounded.

    others: the interval that holds for other classes
    """
    mean = result.mean
    half_width = None
    if interval is not None:
        mean = interval.mean
        half_width = interval.half_width
    other_classes = None
    if others is not None:
        other_classes = _limits(others)
        other_classes["n"] = others.n
    return {
        "protocol": result.protocol.name,
        "learner": result.learner,
        "transductive": result.transductive,
        "partial": result.partial,
        **_limits(interval),
        "mean": mean,
        "half_width": half_width,
        "n_episodes": result.protocol.n_episodes,
        "other_classes": other_classes,
        "episodes_fingerprint": result.episodes_fingerprint,
        "seconds": result.seconds,
    }


def stopping_text(interval: Interval, half_width: float) -> str:
    """Whether a wanted half-width was reached, and how many episodes it takes otherwise."""
    got = interval.half_width
    wanted = f"{100 * half_width:.3g} %"
    stopped = f"stopped after {interval.n:,} episodes: ± {100 * got:.3g} %"
    if got <= half_width:
        return f"{stopped}, wanted {wanted}"
    factor = (got / half_width) ** 2
    needed = round(interval.n * factor, -2)
    return (
        f"{stopped}, not the wanted {wanted}, which may take about {needed:,.0f} episodes: "
        f"--episodes N --overwrite"
    )


def _limits(interval: Interval | None) -> dict[str, Any]:
    names = ("low", "high", "level", "kind")
    return {name: getattr(interval, name, None) for name in names}


def _table_text(result: RunResult, others: Interval | None) -> str:
    from ...reports.tables.printed import to_text

    text = to_text([result])
    if others is not None:
        low = 100 * others.low
        high = 100 * others.high
        text += (
            f"\nabout other classes than these {others.n:,}: {low:.2f} to {high:.2f} % "
            f"(95 % interval, {others.kind})\n"
        )
    return text


def _seconds_text(result: RunResult) -> str:
    stages = []
    for stage, seconds in result.seconds.items():
        stages.append(f"{stage} {seconds:.1f} s")
    return ", ".join(stages)

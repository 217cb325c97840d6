"""Describe a new result as text and as JSON, for `fewbench evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewbench.documents import in_lines

if TYPE_CHECKING:
    from ...reports.records import RunResult
    from ...reports.stats.intervals import Interval


@dataclass(frozen=True)
class DescribedEvaluation:
    """A new result as a JSON document and as text.

    reached: whether the interval is as narrow as the user wanted; True if the user did
        not ask for a width
    """

    document: dict[str, Any]
    text: str
    reached: bool


def describe_evaluation(
    path: Path, result: RunResult, half_width: float | None
) -> DescribedEvaluation:
    """Describe a new result for `fewbench evaluate`.

    path: the file of the saved result
    half_width: the half-width that the user wanted, as a fraction, or None
    """
    from ...reports.remarks import remarks
    from ...reports.stats.available import available_interval
    from ...reports.tables.other_classes import other_classes_interval

    # Both intervals are None for a single episode.
    interval = available_interval(result)
    others = other_classes_interval(result)
    document = {"path": str(path), **evaluation_document(result, interval, others)}
    lines = [f"Note: {remark}" for remark in remarks(result)]
    lines += [_seconds_text(result), f"wrote {path}"]
    reached = True
    if half_width is not None:
        reached = interval is not None and interval.half_width <= half_width
        if interval is not None:
            document["reached"] = reached
            lines.append(stopping_text(interval, half_width))
    text = f"{_table_text(result, others)}\n{in_lines(lines)}"
    return DescribedEvaluation(document, text, reached)


def describe_evaluations(
    saved: Sequence[tuple[Path, RunResult]], half_width: float | None
) -> DescribedEvaluation:
    """Describe new results for `fewbench evaluate`.

    For a single result, return the same as `describe_evaluation`.
    """
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
    """Return a result as JSON, with unrounded numbers.

    interval: the interval of the result; None if it cannot be computed
    others: the interval of the accuracy to expect on other classes, which are not in
        the test split; None if it cannot be computed
    """
    from ...reports.remarks import remarks

    mean = result.mean
    half_width = None
    if interval is not None:
        mean = interval.mean
        half_width = interval.half_width
    other_classes = None
    if others is not None:
        other_classes = _limits(others)
        other_classes["n"] = others.n
        other_classes["caution"] = others.caution
    return {
        "protocol": result.protocol.name,
        "learner": result.learner,
        "transductive": result.transductive,
        "partial": result.partial,
        "remarks": remarks(result),
        "data_standing": result.data_standing,
        **_limits(interval),
        "mean": mean,
        "half_width": half_width,
        "n_episodes": result.protocol.n_episodes,
        "other_classes": other_classes,
        "episodes_fingerprint": result.episodes_fingerprint,
        "seconds": result.seconds,
    }


def stopping_text(interval: Interval, half_width: float) -> str:
    """Return a line that says whether the wanted half-width was reached.

    If it was not reached, the line estimates how many episodes are needed.

    half_width: the wanted half-width, as a fraction
    """
    got = interval.half_width
    wanted = f"{100 * half_width:.3g} %"
    stopped = f"stopped after {interval.n:,} episodes: ± {100 * got:.3g} %"
    if got <= half_width:
        return f"{stopped}, wanted {wanted}"
    factor = (got / half_width) ** 2
    needed = round(interval.n * factor, -2)
    return (
        f"{stopped}, not the wanted {wanted}, which may take about {needed:,.0f} "
        f"episodes. To allow N episodes, add --episodes N --overwrite"
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
            f"(too narrow where classes come in families; 95 % interval, {others.kind})\n"
        )
        if others.caution:
            text += f"{others.caution}\n"
    return text


def _seconds_text(result: RunResult) -> str:
    stages = []
    for stage, seconds in result.seconds.items():
        stages.append(f"{stage} {seconds:.1f} s")
    return ", ".join(stages)

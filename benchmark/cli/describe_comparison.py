"""Describe comparisons of results as text and as JSON, for `fewbench compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fewbench.documents import in_lines

from .describe import result_document, result_label
from .describe_gate import gate_document, gate_text
from .percent import digits

if TYPE_CHECKING:
    from ...reports.records import RunResult
    from ...reports.stats.intervals import Interval
    from ..compare_results import ComparedPair, ComparedResults

_SUPERIORITY = (
    "superiority: how often the first is right more often\n"
    "than the second in an episode, ties counted half. This is about these runs on "
    "these test images, not about other training seeds"
)
_OTHER_KINDS = (
    "\nlittle-spread: the same difference in more than half of the episodes, and another "
    "in fewer\nthan 50, so limits and p allow for what was not seen; paired-anytime: the "
    "evaluation could\nstop early, so limits and p are computed by betting"
)


def comparison_document(
    compared: ComparedResults, files: Sequence[str] = ()
) -> dict[str, Any]:
    """Return all comparisons as JSON, with unrounded numbers.

    The keys `a`, `b` and `result` are positions in the list `results`, counted from 0.

    files: the path of each result; empty if they are unknown
    """
    tests = []
    for place, test in enumerate(compared.tests):
        tests.append({"result": place, **asdict(test)})
    results = []
    for result in compared.results:
        results.append(result_document(result, compared.level))
    for document, file in zip(results, files, strict=False):
        document["file"] = file
    return {
        "results": results,
        "comparisons": list(map(_pair_document, compared.pairs)),
        "equivalence": tests,
        "gate": gate_document(compared.gate),
    }


def comparison_text(compared: ComparedResults, files: Sequence[str] = ()) -> str:
    """Return all comparisons as text.

    The text has a table of the results, a table of their differences, and the tests
    against a published accuracy.

    files: the path of each result; empty if they are unknown
    """
    blocks = [_results_table(compared.results, compared.level, files)]
    footnotes = _footnotes(compared.results, compared.level)
    if footnotes:
        blocks.append(in_lines(footnotes))
    if compared.pairs:
        blocks.append(_pairs_table(compared.pairs, compared.level))
        blocks.append(_changed_predictions(compared.pairs))
        blocks.append(_about_pairs(compared.pairs))
    if compared.tests:
        lines = []
        for number, test in enumerate(compared.tests, start=1):
            lines.append(f"{number}: {test}")
        blocks.append(in_lines(lines))
    if compared.gate:
        blocks.append(gate_text(compared.gate))
    return "\n\n".join(blocks)


def p_value(value: float) -> str:
    """Return a p-value as text with four decimals, or "< 0.0001"."""
    if value < 1e-4:
        return "< 0.0001"
    return f"{value:.4f}"


def _pair_document(pair: ComparedPair) -> dict[str, Any]:
    """Return a comparison as JSON.

    For equal predictions, the interval, the bootstrap and the p-values are null.
    """
    from ...reports.stats.churn import other_probabilities

    found = pair.comparison
    return {
        "a": pair.first,
        "b": pair.second,
        "difference": found.difference,
        "equal": found.equal,
        "churn": {**asdict(found.churn), "share": found.churn.share},
        "other_probabilities": other_probabilities(found.a, found.b),
        "interval": asdict(found.interval) if found.interval else None,
        "bootstrap": asdict(found.bootstrap) if found.bootstrap else None,
        "p_value": None if found.equal else found.p_value,
        "p_adjusted": None if found.equal else found.p_adjusted,
        "superiority": found.superiority,
        "n": found.n,
    }


def _results_table(
    results: Sequence[RunResult], level: float, files: Sequence[str]
) -> str:
    from ...reports.stats.intervals import result_interval
    from ...reports.tables.text import text_table

    rows = []
    for number, result in enumerate(results, start=1):
        interval = result_interval(result, level)
        kind = f"{interval.kind}, {digits(100 * level)} %"
        mark = "°" if interval.of_little_spread else ""
        accuracy = f"{interval}{mark}"
        rows.append([str(number), result_label(result), accuracy, kind])
    header = ["", "result", "accuracy", "kind of ±"]
    if files:
        header.append("file")
        for row, file in zip(rows, files, strict=True):
            row.append(file)
    return text_table(header, rows)


def _footnotes(results: Sequence[RunResult], level: float) -> list[str]:
    """Return explanations of the marks °, †, ‡, ¶ and §, if these results have them."""
    from ...reports.remarks import is_unsteady
    from ...reports.stats.intervals import result_interval
    from ...reports.tables.footnotes import (
        LITTLE_SPREAD_NOTE,
        OTHER_DATA_NOTE,
        PARTIAL_NOTE,
        TRANSDUCTIVE_NOTE,
        UNSTEADY_NOTE,
    )

    footnotes = []
    if any(result_interval(result, level).of_little_spread for result in results):
        footnotes.append(LITTLE_SPREAD_NOTE)
    if any(result.transductive for result in results):
        footnotes.append(TRANSDUCTIVE_NOTE)
    if any(result.partial for result in results):
        footnotes.append(PARTIAL_NOTE)
    if any(map(is_unsteady, results)):
        footnotes.append(UNSTEADY_NOTE)
    if any(result.data_standing == "other" for result in results):
        footnotes.append(OTHER_DATA_NOTE)
    return footnotes


def _pairs_table(pairs: Sequence[ComparedPair], level: float) -> str:
    """Return the table of the differences.

    For two results, the table has a column for the bootstrap. For more results, it has a
    column for adjusted p-values.
    """
    from ...reports.tables.text import text_table

    several = len(pairs) > 1
    limits = f"{digits(100 * level)} % limits"
    header = ["pair", "difference", limits, "kind"]
    if several:
        header += ["p", "p (Holm)"]
    else:
        header += ["bootstrap", "p"]
    header.append("superiority")
    rows = []
    for pair in pairs:
        rows.append(_pair_row(pair, several=several))
    return text_table(header, rows)


def _pair_row(pair: ComparedPair, *, several: bool) -> list[str]:
    """Return the row of a pair. Equal predictions leave no interval and no p-value."""
    first, second, found = pair
    row = [f"{first + 1} - {second + 1}", in_points(found.difference)]
    if found.interval is None:
        return [*row, "equal", "–", "–", "–", "–"]
    row += [limits_text(found.interval), found.interval.kind]
    p = p_value(found.p_value)
    if several:
        row += [p, p_value(found.p_adjusted)]
    else:
        row += [limits_text(found.bootstrap), p]
    return [*row, f"{100 * found.superiority:.1f} %"]


def _changed_predictions(pairs: Sequence[ComparedPair]) -> str:
    """Return a line for each pair: how many predictions differ, and which is right."""
    from ...reports.stats.churn import other_probabilities

    lines = []
    for first, second, found in pairs:
        line = (
            f"{first + 1} - {second + 1}: {found.churn.between(first + 1, second + 1)}"
        )
        if found.equal and other_probabilities(found.a, found.b):
            line += "; the probabilities differ"
        lines.append(line)
    return in_lines(lines)


def _about_pairs(pairs: Sequence[ComparedPair]) -> str:
    n_episodes = pairs[0].comparison.n
    text = (
        f"differences in points, paired over the same {n_episodes:,} episodes. "
        f"{_SUPERIORITY}"
    )
    intervals = [pair.comparison.interval for pair in pairs]
    if any(one and one.kind != "paired-t" for one in intervals):
        text += _OTHER_KINDS
    return text


def limits_text(interval: Interval | None) -> str:
    """Return the limits of a difference as text, in points; a dash if there are none."""
    if interval is None:
        return "–"
    low = in_points(interval.low)
    high = in_points(interval.high)
    return f"[{low}, {high}]"


def in_points(value: float) -> str:
    """Return a difference of accuracies as text, in points with a sign."""
    return f"{100 * value:+.2f}"

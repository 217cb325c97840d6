"""Describe the comparisons of several groups of results, for `fewbench compare`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fewbench.documents import printable

from .describe import result_label
from .describe_comparison import (
    comparison_document,
    comparison_text,
    in_points,
    limits_text,
    p_value,
)
from .percent import digits

if TYPE_CHECKING:
    from ..compare_groups import Saved
    from ..compare_results import ComparedResults


class ComparedGroup(NamedTuple):
    """The comparisons of a group of results, and the paths of these results."""

    compared: ComparedResults
    files: list[str]


def groups_document(
    groups: Sequence[ComparedGroup], alone: Sequence[Saved]
) -> dict[str, Any]:
    """Return the comparisons of all groups as JSON.

    The keys of the only group also stand at the top, as they did before there were groups.

    alone: the results without a partner
    """
    documents = []
    for compared, files in groups:
        documents.append(comparison_document(compared, files))
    lone_files = [str(one.path) for one in alone]
    document: dict[str, Any] = {"groups": documents, "without_partner": lone_files}
    if len(documents) == 1:
        document.update(documents[0])
    return document


def groups_text(groups: Sequence[ComparedGroup]) -> str:
    """Return the comparisons of all groups as text. Each has the name of its protocol."""
    if len(groups) == 1:
        return comparison_text(*groups[0])
    blocks = []
    for compared, files in groups:
        protocol = printable(compared.results[0].protocol.name)
        blocks.append(f"{protocol}\n\n{comparison_text(compared, files)}")
    return "\n\n\n".join(blocks)


def folders_text(pairs: Sequence[ComparedGroup]) -> str:
    """Return the comparison of two folders as text: a row for each pair of results."""
    from ...reports.tables.text import text_table

    if len(pairs) == 1:
        return comparison_text(*pairs[0])
    rows = []
    files = []
    for number, pair in enumerate(pairs, start=1):
        rows.append([str(number), *_row(pair)])
        files.append([f"{number}:", *pair.files])
    level = digits(100 * pairs[0].compared.level)
    header = ["", "result", "first", "second", "difference", f"{level} % limits", "p"]
    if pairs[0].compared.gate is not None:
        header.append("verdict")
    note = "first minus second in points, paired over the same episodes; each p is of one pair"
    table = text_table(header, rows)
    return f"{table}\n\n{note}\n\n{text_table(['', 'first', 'second'], files)}"


def _row(pair: ComparedGroup) -> list[str]:
    from ...reports.stats.intervals import result_interval

    compared = pair.compared
    first, second = compared.results
    found = compared.pairs[0].comparison
    row = [result_label(first)]
    for result in (first, second):
        row.append(str(result_interval(result, compared.level)))
    row.append(in_points(found.difference))
    if found.interval is None:
        row += ["equal", "–"]
    else:
        row += [limits_text(found.interval), p_value(found.p_value)]
    if compared.gate is not None:
        row.append(compared.gate.outcome)
    return row

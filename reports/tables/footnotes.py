"""Write the footnotes of a table, which explain the marks and the ±."""

from collections.abc import Mapping, Sequence

from ..data_standing import data_note
from ..groups import ResultGroup
from ..stats.intervals import Interval
from .cells import Cell
from .table import Row

TRANSDUCTIVE_NOTE = "† transductive: the queries of an episode were answered together"
PARTIAL_NOTE = (
    "‡ partial: built from incomplete data, so not comparable with full builds"
)
UNSTEADY_NOTE = (
    "¶ not repeatable: asked again, the learner gave other answers, so the number depends on "
    "chance or on an order"
)
OTHER_DATA_NOTE = (
    "§ other images: their content hash is not that of the reference build"
)
STANDING_NOTE = (
    "bold (in plain text: *): the best of its column; ≈: not significantly below it (paired t-test "
    "on the same episodes, Holm over the column, 5 %)"
)
REPEAT_NOTE = (
    "(2): another result with the same learner, backbone, precision and training seed; "
    "results.csv tells them apart"
)
ALONE_NOTE = "a number without ±: its episodes allow no interval of the protocol's kind"
LITTLE_SPREAD_NOTE = (
    "° little spread: more than half of the values are equal and fewer than 50 differ from these, "
    "so the ± allows for what was not seen"
)
# Kind of interval -> what its ± means and what it does not mean.
_CONDITIONAL = (
    "conditional on these test classes and images: it says nothing about other classes or other "
    "training runs"
)
MEANINGS = {
    "episodes-t": f"Student's t over n episodes, {_CONDITIONAL}",
    "legacy-z": (
        "1.96 std / √n over n episodes as in older papers, std with ddof 0, "
        f"{_CONDITIONAL}"
    ),
    "legacy-z-ddof1": f"1.96 std / √n over n episodes, std with ddof 1, {_CONDITIONAL}",
    "legacy-z-n1": f"1.96 std / √(n + 1) over n episodes, {_CONDITIONAL}",
    "little-spread": (
        "n values, more than half of them equal and fewer than 50 not: the usual formula and an "
        "allowance for what was not seen, about the same, not symmetric"
    ),
    "anytime": f"over n episodes, whenever the evaluation stopped, not symmetric, {_CONDITIONAL}",
    "open": (
        "Student's t over n disjoint episodes, no image used twice: it speaks of other images of "
        "these test classes, but not of other classes or other training runs"
    ),
    "open-bootstrap": (
        "the n test classes drawn again: it speaks of other classes, but not of other training runs"
    ),
    "train-seeds": (
        "Student's t over n training runs: it speaks of training with other seeds, on these same "
        "episodes"
    ),
}


# Mark -> its footnote, in the order of the footnotes. "*" is the mark of bold values.
_NOTES_OF_MARKS = {
    "°": LITTLE_SPREAD_NOTE,
    "*": STANDING_NOTE,
    "†": TRANSDUCTIVE_NOTE,
    "‡": PARTIAL_NOTE,
    "¶": UNSTEADY_NOTE,
    "§": OTHER_DATA_NOTE,
}
# Kinds of interval whose two limits may have different distances from the mean.
_UNEVEN = ("anytime", "little-spread", "open-bootstrap")


def interval_note(interval: Interval) -> str:
    """Return a sentence that explains the ± of an interval."""
    kind = interval.kind
    size = "the larger distance to a limit" if kind in _UNEVEN else "half the width"
    level = f"{100 * interval.level:g} %"
    return f"± is {size} of a {level} interval ({kind}: {MEANINGS[kind]})"


def table_footnotes(
    groups: Sequence[ResultGroup],
    rows: Sequence[Row],
    warnings: Mapping[str, str],
) -> list[str]:
    """Return all footnotes of a table, one sentence each.

    warnings: protocol name -> why its results must not be read as one column
    """
    cells: list[Cell] = []
    for row in rows:
        cells += filter(None, row.cells)
    notes = _notes_on_intervals(cells)
    notes += map(str, groups)
    notes += _notes_on_conflicts(groups, warnings)
    notes += _notes_on_unknown_data(cells)
    notes += _notes_on_marks(cells)
    if any(row.label.repeat > 1 for row in rows):
        notes.append(REPEAT_NOTE)
    return notes


def _notes_on_intervals(cells: Sequence[Cell]) -> list[str]:
    """Return a note for each meaning of the ±, and a note about numbers without a ±."""
    notes: list[str] = []
    some_are_alone = False
    for cell in cells:
        if cell.interval is None:
            some_are_alone = True
            continue
        note = interval_note(cell.interval)
        if note not in notes:
            notes.append(note)
    if some_are_alone:
        notes.append(ALONE_NOTE)
    return notes


def _notes_on_conflicts(
    groups: Sequence[ResultGroup],
    warnings: Mapping[str, str],
) -> list[str]:
    names = {group.protocol.name for group in groups}
    notes = []
    for name in sorted(names):
        if name in warnings:
            notes.append(warnings[name])
    return notes


def _notes_on_unknown_data(cells: Sequence[Cell]) -> list[str]:
    """Return a note for each dataset without a known reference build."""
    notes: set[str] = set()
    for cell in cells:
        for result in cell.results:
            if result.data_standing in ("no reference", "own"):
                notes.add(data_note(result))
    return sorted(notes)


def _notes_on_marks(cells: Sequence[Cell]) -> list[str]:
    marks: set[str] = set()
    for cell in cells:
        marks.update(cell.marks)
        if cell.standing:
            marks.add("*")
    return [note for mark, note in _NOTES_OF_MARKS.items() if mark in marks]

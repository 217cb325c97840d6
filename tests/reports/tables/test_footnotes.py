from typing import get_args

from fewbench.reports.groups import result_groups
from fewbench.reports.protocol import IntervalKind
from fewbench.reports.stats.intervals import episodes_t
from fewbench.reports.tables.cells import Cell
from fewbench.reports.tables.footnotes import (
    ALONE_NOTE,
    MEANINGS,
    PARTIAL_NOTE,
    REPEAT_NOTE,
    STANDING_NOTE,
    interval_note,
    table_footnotes,
)
from fewbench.reports.tables.table import Label, Row

LABEL = Label("protonet", "", "fp32", (0,))


def test_every_kind_of_interval_has_a_meaning():
    assert set(get_args(IntervalKind)) <= set(MEANINGS)


def test_the_note_on_an_interval_says_level_kind_and_what_the_half_width_is():
    note = interval_note(episodes_t([0.5, 0.6, 0.8], level=0.9))
    assert note.startswith("± is half the width of a 90 % interval (episodes-t: ")

    alike = interval_note(episodes_t([1.0, 1.0, 1.0]))
    assert alike.startswith("± is the larger distance to a limit of a 95 % interval")


def test_a_table_explains_what_occurs_in_it_and_nothing_else(make_result):
    groups = result_groups([make_result()])
    cell = Cell.of(make_result())

    notes = table_footnotes(groups, [Row(LABEL, (cell, None))], {})

    assert cell.interval is not None
    assert notes == [interval_note(cell.interval), str(groups[0])]


def test_marks_repeats_and_conflicts_are_explained(make_result):
    result = make_result(partial=True, n_episodes=1)
    groups = result_groups([result])
    row = Row(LABEL._replace(repeat=2), (Cell.of(result, "best"),))
    warnings = {"glyphs-5w1s": "beware", "another": "not here"}

    notes = table_footnotes(groups, [row], warnings)

    assert notes == [
        ALONE_NOTE,
        str(groups[0]),
        "beware",
        STANDING_NOTE,
        PARTIAL_NOTE,
        REPEAT_NOTE,
    ]

import pytest

from fewbench.reports.tables.latex_layout import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    SMALL,
    SMALLER,
    layout_of,
    stacked_lines,
    text_width,
)
from fewbench.reports.tables.printed_table import PrintedCell, PrintedTable


def table(align: str, *texts: str) -> PrintedTable:
    """A table of one row."""
    cells = [PrintedCell(text) for text in texts]
    return PrintedTable("t", align, ["x"] * len(texts), [cells])


def as_wide_as(points: float) -> str:
    return "0" * int(points / text_width("0", SMALL))


@pytest.mark.parametrize(
    ("points", "environment", "size"),
    [
        (COLUMN_WIDTH - 10, "table", SMALL),
        (COLUMN_WIDTH + 5, "table", SMALLER),
        (COLUMN_WIDTH + 40, "table*", SMALL),
        (PAGE_WIDTH + 5, "table*", SMALLER),
        (PAGE_WIDTH + 200, "table*", SMALLER),
    ],
)
def test_a_table_is_as_narrow_as_its_texts_allow(points, environment, size):
    layout = layout_of(table("l", as_wide_as(points)))

    assert (layout.environment, layout.size) == (environment, size)
    assert layout.columns == "l"


def test_short_prose_stays_on_one_line():
    layout = layout_of(table("pr", "a few words", "1.00"))

    assert (layout.environment, layout.columns) == ("table", "lr")
    assert not layout.has_prose


def test_long_prose_shares_what_the_numbers_leave():
    layout = layout_of(table("prp", "many words " * 20, "1.00", "words"))

    first, second = [int(part.split("/")[0]) for part in layout.columns.split(")*")[1:]]
    assert layout.environment == "table*"
    assert layout.columns.count(r"p{\dimexpr(\linewidth-") == 2
    assert layout.lines[0] > 3
    assert first > second
    assert 990 <= first + second <= 1000


def test_names_of_columns_break_after_the_dataset():
    assert stacked_lines("omniglot-20w1s [legacy-z]") == [
        "omniglot-",
        "20w1s",
        "[legacy-z]",
    ]

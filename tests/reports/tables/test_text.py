import subprocess
import sys

from fewbench.reports.tables.printed_table import PrintedCell, PrintedTable
from fewbench.reports.tables.text import aligned, shown_width, text_grid, text_table


def test_columns_are_as_wide_as_their_longest_text():
    text = text_table(["a", "name"], [["longer", "x"], ["", "yy"]])

    assert text.split("\n") == ["a       name", "longer  x", "        yy"]


def test_names_in_any_script_line_up():
    """A Chinese character takes two columns of a terminal, a combining accent none."""
    text = text_table(["name", "n"], [["方法", "1"], ["e\u0301te\u0301", "2"]])

    assert text.split("\n") == ["name  n", "方法  1", "e\u0301te\u0301   2"]
    assert [shown_width(name) for name in ("", "abc", "方法", "e\u0301")] == [
        0,
        3,
        4,
        1,
    ]


def test_a_table_without_rows_is_its_header():
    assert text_table(["a", "b"], []) == "a  b"


def test_digits_line_up_whatever_marks_follow_them():
    lines = aligned([["n"], ["1.00 †"], ["10.00"], ["2.00 *≈"]], "r")

    assert [line[0] for line in lines] == [
        "       n",
        " 1.00 † ",
        "10.00   ",
        " 2.00 *≈",
    ]


def test_a_grid_has_rules_a_title_and_footnotes():
    rows = [[PrintedCell("x"), PrintedCell("1", "†", strong=True)]]

    text = text_grid(PrintedTable("title", "lr", ["name", "n"], rows, ["† so"]))

    assert text.split("\n") == [
        "title",
        "name     n",
        "──────────",
        "x     1 *†",
        "──────────",
        "† so",
        "",
    ]


def test_a_text_table_needs_no_heavy_import():
    code = (
        "import sys, fewbench.reports.tables.text\n"
        "heavy = {'matplotlib', 'numpy', 'pandas', 'pydantic', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

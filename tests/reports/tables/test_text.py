import subprocess
import sys

from fewbench.reports.tables.printed_table import PrintedCell, PrintedTable
from fewbench.reports.tables.text import aligned, text_grid, text_table


def test_columns_are_as_wide_as_their_longest_text():
    text = text_table(["a", "name"], [["longer", "x"], ["", "yy"]])

    assert text.split("\n") == ["a       name", "longer  x", "        yy"]


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

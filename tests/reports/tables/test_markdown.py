import re

from fewbench.reports.tables.markdown import markdown_grid
from fewbench.reports.tables.printed import to_markdown
from fewbench.reports.tables.printed_table import PrintedCell, PrintedTable


def test_markdown_rows_have_as_many_cells_as_the_header_whatever_the_names(make_result):
    text = to_markdown([make_result(backbone="a|b\\|c\n*d* <i> _e_ f_g")])

    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows} == {6}
    assert r"\*d\* \<i\> \_e\_ f_g" in text
    assert len({len(row) for row in rows}) == 1


def test_strong_cells_are_bold_and_addresses_are_links():
    strong = PrintedCell("1", "†", strong=True)
    linked = PrintedCell("a_b", url="https://example.org/x")
    grid = PrintedTable("t", "lr", ["name", "n"], [[linked, strong]], ["* so"])

    assert markdown_grid(grid).splitlines() == [
        "### t",
        "",
        "| name                           |       n |",
        "| :----------------------------- | ------: |",
        "| [a_b](<https://example.org/x>) | **1** † |",
        "",
        r"- \* so",
    ]

import re

from fewbench.reports.tables.latex import ROWS_PER_PAGE, latex_escape, latex_grid
from fewbench.reports.tables.printed import to_latex
from fewbench.reports.tables.printed_table import PrintedCell, PrintedTable


def test_latex_escapes_every_special_character(make_result):
    text = to_latex([make_result(backbone=r"\x{y}$&%#_^~<>|" + '"')])

    (row,) = [line for line in text.splitlines() if line.startswith("  protonet")]
    assert row.split(" & ")[1] == (
        r"\textbackslash{}x\{y\}\$\&\%\#\_\allowbreak{}\textasciicircum{}\textasciitilde{}"
        r"\textless{}\textgreater{}\textbar{}''"
    )
    assert row.endswith(r" \\")


def test_latex_is_balanced_ascii_with_booktabs(various_results):
    text = to_latex(various_results)

    assert text.isascii()
    for environment in ("table", "tabular"):
        begins = text.count(rf"\begin{{{environment}}}")
        assert begins == text.count(rf"\end{{{environment}}}") == 2
    assert (
        text.count(r"\toprule")
        == text.count(r"\midrule")
        == text.count(r"\bottomrule")
        == 2
    )
    plain = re.sub(r"\\.", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0


def test_characters_that_the_fonts_lack_become_their_code():
    assert latex_escape("卷 a\n b_c") == r"U+5377 a b\_\allowbreak{}c"


def test_long_tables_become_several_floats_and_the_last_has_the_notes():
    rows = [[PrintedCell(f"{k}")] for k in range(ROWS_PER_PAGE + 1)]

    first, second = latex_grid(PrintedTable("t", "r", ["n"], rows, ["so"])).split(
        "\n\n"
    )

    assert first.startswith(r"\begin{table}[p]")
    assert "(continued)" not in first
    assert "so." not in first
    assert r"\caption{t (continued).}" in second
    assert r"so.\par" in second


def test_prose_columns_make_shorter_floats():
    rows = [[PrintedCell("x")] * 2 for _ in range(ROWS_PER_PAGE // 4)]

    text = latex_grid(PrintedTable("t", "pr", ["a", "b"], rows))

    assert text.count(r"\begin{table}") == 1
    assert r"p{7.20cm}r" in text
    assert r"{\raggedright x\par} & x \\" in text
    longer = [*rows, rows[0]]
    assert (
        latex_grid(PrintedTable("t", "pr", ["a", "b"], longer)).count(r"\begin{table}")
        == 2
    )

import re

from fewbench.reports.tables.latex import (
    LINES_PER_PAGE,
    latex_escape,
    latex_grid,
    latex_grids,
)
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
        begins = len(re.findall(rf"\\begin{{{environment}\*?}}", text))
        ends = len(re.findall(rf"\\end{{{environment}\*?}}", text))
        assert begins == ends == 2
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


def test_options_keep_their_two_hyphens():
    assert latex_escape("a–b --episodes 10") == "a--b -{}-episodes 10"


def test_long_tables_become_several_floats_and_the_last_has_the_notes():
    rows = [[PrintedCell(f"{k}")] for k in range(LINES_PER_PAGE + 1)]

    grid = PrintedTable("t", "r", ["n"], rows, ["so"])
    first, second = latex_grid(grid, "t").split("\n\n")

    assert first.startswith(r"\begin{table}[p]")
    assert "(continued)" not in first
    assert "so." not in first
    assert r"\caption{t.}\label{tab:t}" in first
    assert r"\caption{t (continued).}\smallskip" in second
    assert r"so.\par" in second


def test_prose_columns_make_shorter_floats():
    long = PrintedCell("word " * 60)
    rows = [[long, PrintedCell("x")] for _ in range(LINES_PER_PAGE)]

    text = latex_grid(PrintedTable("t", "pr", ["a", "b"], rows), "t")

    assert text.count(r"\begin{table*}[p]") > 1
    assert rf"  \raggedright {'word ' * 59}word & x \tabularnewline" in text


def test_tables_are_named_after_their_titles():
    titles = ["omniglot: accuracy (%)", "omniglot: accuracy (%)", "卷 (points)"]
    grids = [PrintedTable(title, "r", ["n"], []) for title in titles]

    floats = dict(latex_grids(grids))

    assert list(floats) == ["omniglot-accuracy", "omniglot-accuracy-2", "table"]
    assert r"\label{tab:omniglot-accuracy-2}" in floats["omniglot-accuracy-2"]


def test_captions_cite_the_papers_on_data_protocol_and_learner(make_result):
    result = make_result(
        name="finn2017-omniglot-5w1s", dataset="omniglot-nearest", learner="protonet"
    )

    text = to_latex([result])

    assert r"Dataset:~\cite{lake2015,vinyals2016}." in text
    assert r"Protocol:~\cite{finn2017}." in text
    assert r"Learner:~\cite{snell2017}." in text

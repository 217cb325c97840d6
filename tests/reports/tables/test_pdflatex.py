"""The LaTeX that reports write, set by a real pdflatex."""

from pathlib import Path

import pytest

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.report import write_report
from fewbench_tests.latex import pdflatex

pytestmark = pytest.mark.usefixtures("unrendered")
DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs}
\begin{document}
\input{results}
\end{document}
"""


def compiled(folder: Path) -> str:
    """The log of a document with all tables, in one column."""
    (folder / "paper.tex").write_text(DOCUMENT)
    return pdflatex(folder)


def test_the_tables_compile_and_fit_the_page(various_results, make_result, tmp_path):
    seeds = [
        make_result(0.98, 20 + seed, name="omniglot-20w1s", dataset="omniglot", n_way=20,
                    rotations=True, train_seed=seed + 1)
        for seed in range(3)
    ]  # fmt: skip
    old = make_result(
        name="omniglot-20w1s-old", dataset="omniglot", interval="legacy-z"
    )
    write_report(
        [*various_results, *seeds, old], tmp_path, {}, {}, published=published_numbers()
    )

    log = compiled(tmp_path)

    assert "Overfull" not in log
    assert "Float too large" not in log


def test_whatever_a_backbone_is_called_compiles(make_result, tmp_path):
    evil = r"\input{x} $&%#_^~<>|{}\\ 卷积 é “q” ` [b] \end{table}"
    results = [make_result(backbone=evil), make_result(0.8, 1, backbone=evil[::-1])]
    write_report(results, tmp_path, {}, {})

    compiled(tmp_path)


def test_more_rows_than_a_page_holds_go_on_over_leaf(make_result, tmp_path):
    results = [make_result(0.9, seed, train_seed=seed) for seed in range(100)]
    write_report(results, tmp_path, {}, {})

    assert "Float too large" not in compiled(tmp_path)
    text = (tmp_path / "results.tex").read_text()
    assert text.count(r"glyphs: accuracy (\%) (continued)") == 2

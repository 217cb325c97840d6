"""A report in a two-column paper, set by a real pdflatex."""

import re
import shutil
from pathlib import Path

import pytest

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.paper import write_paper
from fewbench.reports.plots import accuracy_figure, learner_styles, save_figure
from fewbench.reports.report_data import gather
from fewbench.reports.tables.printed import accuracy_grids
from fewbench_tests.latex import bibtex, pdflatex
from fewbench_tests.paths import REPOSITORY


@pytest.fixture(scope="module")
def report(make_result, tmp_path_factory) -> Path:
    """The LaTeX files and the first plot of a report on three seeds of two learners."""
    folder = tmp_path_factory.mktemp("report")
    results = [
        make_result(0.7 + 0.05 * shot, 10 * shot + seed, train_seed=seed, learner=learner,
                    name=f"snell2017-omniglot-5w{shot}s", n_shot=shot, dataset="omniglot",
                    transductive=learner == "maml")
        for shot in (1, 5) for seed in range(3) for learner in ("protonet", "maml")
    ]  # fmt: skip
    data = gather(results, published_numbers())
    grids = accuracy_grids(data.tables)
    for others in data.grids.values():
        grids += others
    write_paper(results, grids, folder)
    figure = accuracy_figure(data.plotted, learner_styles(results))
    save_figure(figure, folder / "accuracy")
    return folder


def finished(folder: Path) -> str:
    """The log of the last run over paper.tex, which must have no fault."""
    pdflatex(folder)
    assert "Warning" not in bibtex(folder)
    pdflatex(folder)
    log = pdflatex(folder)
    for fault in ("Overfull", "undefined", "Float too large", "multiply defined"):
        assert fault not in log
    return log


def test_the_example_compiles_with_tables_a_figure_and_the_literature(report):
    log = finished(report)

    tables = [path.read_text() for path in report.glob("table_*.tex")]
    environments = {re.findall(r"\\begin\{(table\*?)", text)[0] for text in tables}
    assert environments == {"table", "table*"}
    assert ".pfb>" in log
    assert "pk>" not in log  # a bitmap font, which becomes Type 3


def test_the_paper_of_the_documentation_compiles(report, tmp_path):
    page = (REPOSITORY / "docs" / "evaluation.md").read_text()
    (example,) = re.findall(r"^```latex\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for path in report.glob("*.*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "paper.tex").write_text(example)

    finished(tmp_path)

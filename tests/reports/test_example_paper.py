"""The example paper of a report, set by a real pdflatex in two columns."""

import re

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.paper import write_paper
from fewbench.reports.plots import accuracy_figure, learner_styles, save_figure
from fewbench.reports.report_data import gather
from fewbench.reports.tables.printed import accuracy_grids
from fewbench_tests.latex import bibtex, pdflatex


def test_it_compiles_with_tables_a_figure_and_the_literature(make_result, tmp_path):
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
    write_paper(results, grids, tmp_path)
    figure = accuracy_figure(data.plotted, learner_styles(results))
    save_figure(figure, tmp_path / "accuracy")

    pdflatex(tmp_path)
    assert "Warning" not in bibtex(tmp_path)
    pdflatex(tmp_path)
    log = pdflatex(tmp_path)

    tables = [path.read_text() for path in tmp_path.glob("table_*.tex")]
    environments = {re.findall(r"\\begin\{(table\*?)", text)[0] for text in tables}
    assert environments == {"table", "table*"}
    for fault in ("Overfull", "undefined", "Float too large", "multiply defined"):
        assert fault not in log
    assert ".pfb>" in log
    assert "pk>" not in log  # a bitmap font, which becomes Type 3

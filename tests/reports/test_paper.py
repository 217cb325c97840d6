from fewbench.reports.paper import write_paper
from fewbench.reports.tables.printed import result_grids


def test_each_table_has_a_file_and_the_example_takes_them_all(make_result, tmp_path):
    results = [
        make_result(),
        make_result(0.8, 1, name="omniglot-5w1s", dataset="omniglot"),
    ]

    paths = write_paper(results, result_grids(results), tmp_path)

    names = ["table_glyphs-accuracy", "table_omniglot-accuracy"]
    assert [path.name for path in paths] == [
        *[f"{name}.tex" for name in names],
        "results.tex",
        "references.bib",
        "paper.tex",
    ]
    together = (tmp_path / "results.tex").read_text()
    paper = (tmp_path / "paper.tex").read_text()
    for name in names:
        _, own = (tmp_path / f"{name}.tex").read_text().split("\n", maxsplit=1)
        assert own in together
        assert paper.count(rf"\input{{{name}}}") == 1
        assert rf"Table~\ref{{tab:{name.removeprefix('table_')}}}" in paper

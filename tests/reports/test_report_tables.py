"""The tables of a report, without its plots."""

from pathlib import Path

from fewbench.reports.report_data import gather
from fewbench.reports.report_tables import write_tables


def test_what_there_is_nothing_of_has_no_table(make_result, tmp_path: Path) -> None:
    alone = gather([make_result(0.9, 0)], ())
    two = gather([make_result(0.9, 0), make_result(0.8, 1, learner="other")], ())
    names = []
    for folder, data in (("alone", alone), ("two", two)):
        out = tmp_path / folder
        out.mkdir()
        paths = write_tables(data, out)
        assert sorted(paths) == sorted(out.iterdir())
        names.append({path.name for path in paths})
    assert {"results.csv", "results.md", "results.tex"} <= names[0]
    assert names[1] - names[0] >= {"comparisons.csv"}

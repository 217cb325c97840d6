"""The results and the summary of a run lie in one folder."""

import json
from pathlib import Path

from fewbench.benchmark.guard.pytest_plugin.report_files import (
    place_in,
    why_unsaved,
    write_summary,
)
from fewbench.benchmark.guard.pytest_plugin.summary import Summary
from fewbench.reports.result_files import load_results
from fewbench_tests.made_records import made_record
from fewbench_tests.made_results import build_result


def test_results_of_two_checks_lie_apart(tmp_path: Path) -> None:
    result = build_result()

    for name in ("one", "two", "one"):
        assert why_unsaved(tmp_path, made_record(name=name), [result]) == ""
    records = [
        made_record(test="a/test_models.py::test_mine"),
        made_record(test="b/test_models.py::test_mine"),
        made_record(protocol="glyphs-5w5s"),
        made_record(test="a/test_models.py::test_mine", name="one"),
        made_record(test="b/test_models.py::test_mine", name="one"),
    ]
    for record in records:
        assert why_unsaved(tmp_path, record, [result]) == ""

    places = [place for place in tmp_path.iterdir() if place.is_dir()]
    assert len(places) == 2 + len(records)
    for place in places:
        assert len(load_results([place])) == 1


def test_a_folder_is_named_by_test_and_protocol(tmp_path: Path) -> None:
    record = made_record(test="test_models.py::test_mine")

    place = place_in(tmp_path, record)

    assert place.name.startswith("test-models-py-test-mine-")
    assert place.name.endswith("__glyphs-5w1s-val-600ep")


def test_the_summary_is_markdown_and_json(tmp_path: Path) -> None:
    summary = Summary([made_record()], n_checks=1, alpha=0.05, tier="quick")

    write_summary(tmp_path / "new", summary)

    document = json.loads((tmp_path / "new" / "summary.json").read_text())
    assert document["checks"][0]["accuracy"] == 0.53
    assert (tmp_path / "new" / "summary.md").read_text() == summary.markdown()

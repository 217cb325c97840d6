"""The summary says what was found, by which rule, and how often it is wrong."""

import json

from fewbench.benchmark.guard.pytest_plugin.record import Record
from fewbench.benchmark.guard.pytest_plugin.summary import Summary
from fewbench.benchmark.guard.verdict import Verdict
from fewbench_tests.made_records import made_record

IDENTICAL = Verdict("pass", "identical predictions", "all equal", difference=0.0)
WATCHED = Verdict("pass", "nights", "e-value 1", e_value=1.0, by_test=True)


def summary(*records: Record) -> Summary:
    return Summary(records, n_checks=2, alpha=0.05, tier="quick")


def test_the_table_has_a_row_a_check() -> None:
    lines = list(summary(made_record(), made_record("fail")).lines())

    assert lines[0].split() == [
        *("check", "protocol", "accuracy", "reference", "difference", "verdict")
    ]
    assert lines[1].split()[2:] == [
        "53.00",
        "%",
        "54.00",
        "%",
        "-1.00",
        "points",
        "pass",
    ]
    assert lines[2].endswith("FAIL")
    assert lines[0].index("verdict") == lines[2].index("FAIL")


def test_the_risk_is_that_of_the_statistical_checks() -> None:
    found = "\n".join(
        summary(made_record(), made_record(verdict=IDENTICAL)).sentences()
    )

    assert "1 of 2 checks are statistical" in found
    assert "in at most 2.5 % of the runs: at most 9.1 a year" in found


def test_equal_predictions_give_no_false_alarms() -> None:
    found = summary(made_record(verdict=IDENTICAL))

    assert "no false alarms" in "\n".join(found.sentences())
    assert found.document()["false_alarms_a_year"] == 0


def test_a_watched_check_has_its_alpha_once() -> None:
    found = summary(made_record(verdict=WATCHED))

    assert found.document()["false_alarms_a_year"] == 0.025
    assert "as long as its reference stands" in "\n".join(found.sentences())


def test_markdown_shows_names_as_they_are() -> None:
    record = made_record("fail", name="a_b*[x]|<script>", reason="fell\nfar")

    text = summary(record).markdown()

    assert text.startswith("### Accuracy: 1 of 1 checks failed\n")
    assert r"| a\_b\*\[x\]\|\<script\> |" in text
    assert "fell far" in text


def test_nothing_checked_is_no_success() -> None:
    assert "nothing was checked" in summary().markdown()


def test_a_problem_is_no_success() -> None:
    found = Summary((made_record(),), 1, 0.05, "quick", problems=("error: disk full",))

    assert found.markdown().startswith("### Accuracy: the run failed\n")
    assert "error: disk full" in found.markdown()


def test_the_document_is_json() -> None:
    document = summary(made_record()).document()

    assert json.loads(json.dumps(document, allow_nan=False))["n_checks"] == 2
    assert document["checks"][0]["verdict"]["outcome"] == "pass"


def test_an_improvement_in_equal_predictions_is_no_false_alarm() -> None:
    improved = Verdict("improved", "identical predictions", "it rose", by_test=True)

    found = "\n".join(summary(made_record(verdict=improved)).sentences())

    assert "no false alarms" in found
    assert "a year" not in found


def test_what_was_not_measured_is_no_success() -> None:
    summary = Summary(
        [made_record()],
        n_checks=2,
        alpha=0.05,
        tier="quick",
        unmeasured=["test_b: not measured"],
        n_skipped=3,
    )

    assert summary.markdown().startswith(
        "### Accuracy: 1 checks passed, others were not measured"
    )
    assert "test_b: not measured" in list(summary.lines())
    assert "tests that were skipped, so they measured nothing: 3" in summary.lines()
    assert summary.document()["unmeasured"] == ["test_b: not measured"]

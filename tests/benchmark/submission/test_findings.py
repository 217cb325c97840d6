"""A finding is one line, whatever strangers wrote."""

from fewbench.benchmark.submission.findings import (
    Finding,
    bounded,
    error,
    note,
    warning,
)


def test_a_finding_is_one_line() -> None:
    found = error("seal", "a.json", "it was changed", "Pack it again")

    assert found.line == "error seal: a.json: it was changed. Pack it again"
    assert note("a", "b", "c").line == "note a: b: c."
    assert warning("a", "b", "c", "d").level == "warning"


def test_foreign_text_is_escaped_and_cut() -> None:
    found = error("a", "x\ny\x1b[31m", "\u202e" * 400, "\x00" + "z" * 500)

    assert found.line.isprintable()
    assert found.where == "x\\ny\\x1b[31m"
    assert max(map(len, (found.where, found.what, found.advice))) == 400
    assert Finding("error", "a", found.where, found.what, found.advice) == found


def test_far_too_many_findings_are_cut_and_errors_come_first() -> None:
    few = [note("a", str(number), "b") for number in range(500)]
    many = [*few, error("c", "d", "e", "f")]

    assert bounded(few) == few
    cut = bounded(many)
    assert cut[0].level == "error"
    assert len(cut) == 501
    assert "1 more" in cut[-1].what

from typing import Any

import pytest

from fewbench.benchmark.guard.pytest_plugin.outcomes import Outcomes


def report(test: str, outcome: Any, when: Any = "call") -> pytest.TestReport:
    return pytest.TestReport(test, ("a.py", 1, test), {}, outcome, None, when)


def test_tests_are_sorted_by_how_they_ended() -> None:
    outcomes = Outcomes()
    expected = report("xfail", "skipped")
    expected.wasxfail = "a known failure"  # pyright: ignore[reportAttributeAccessIssue]

    for one in (
        report("good", "passed", "setup"),
        report("good", "passed"),
        report("bad", "failed"),
        report("broken", "failed", "setup"),
        report("again", "rerun"),
        report("left out", "skipped", "setup"),
        report("interrupted", "passed", "setup"),
        expected,
    ):
        outcomes.add(one)
    outcomes.crashed.append("dead")

    assert outcomes.passed == {"good"}
    assert outcomes.failed == {"bad", "broken", "again", "xfail"}
    assert outcomes.skipped == {"left out"}
    assert not outcomes.has_ended("interrupted")
    assert not outcomes.has_ended("another")
    for test in ("good", "bad", "left out", "xfail", "dead"):
        assert outcomes.has_ended(test)

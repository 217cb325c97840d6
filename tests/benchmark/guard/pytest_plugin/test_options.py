"""The options are checked before any test runs."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from fewbench.benchmark.guard.pytest_plugin.option_table import OPTIONS
from fewbench.benchmark.guard.pytest_plugin.options import Options, read_options
from fewbench.errors import UserError

HERE = Path("/home/me/project")


def read(**given: Any) -> Options:
    nothing = {
        name: False if "action" in settings else None
        for name, settings in OPTIONS.items()
    }
    return read_options({**nothing, **given}, HERE)


def test_without_options_a_check_compares_with_the_usual_set() -> None:
    options = read()

    assert not options.save
    assert not options.update
    assert options.reference_set == "reference"
    assert options.fail == "auto"
    assert options.tier == "quick"
    assert options.runs == 10
    assert options.report is None
    assert options.history is None
    assert options.date == datetime.datetime.now(datetime.UTC).date()


def test_values_are_read() -> None:
    options = read(
        update=True,
        reason="new augmentation",
        compare="v1.2",
        fail="drop:0.5%",
        tier="nightly",
        runs="3",
        report="out",
        history="/ci/nights.jsonl",
        date="2026-11-26",
    )

    assert options.reason == "new augmentation"
    assert options.reference_set == "v1.2"
    assert options.fail == "drop"
    assert options.drop == pytest.approx(0.005)
    assert options.runs == 3
    assert options.report == HERE / "out"
    assert options.history == Path("/ci/nights.jsonl")
    assert options.date == datetime.date(2026, 11, 26)


@pytest.mark.parametrize("rule", ["significant", "identical"])
def test_rules_are_read(rule: str) -> None:
    assert read(fail=rule).fail == rule


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"update": True}, "--accuracy-update: expected a reason"),
        ({"update": True, "reason": " "}, "Add for example --accuracy-reason"),
        ({"reason": "why"}, "--accuracy-reason: has an effect with --accuracy-update"),
        ({"compare": "../other"}, "--accuracy-compare: expected the name of a folder"),
        ({"compare": ""}, "--accuracy-compare=v1.2"),
        ({"fail": "drop"}, "--accuracy-fail drop: expected significant"),
        ({"fail": "drop:"}, "--accuracy-fail=drop: expected a percentage"),
        ({"fail": "drop:1"}, "--accuracy-fail=drop: expected a percentage"),
        ({"fail": "drops:1%"}, "--accuracy-fail drops:1%: expected significant"),
        ({"fail": "auto"}, "--accuracy-fail auto: expected significant"),
        ({"save": True, "runs": "2"}, "--accuracy-runs: expected a number of 3 to"),
        ({"save": True, "runs": "9" * 5000}, "--accuracy-runs: expected a number"),
        ({"runs": "5"}, "--accuracy-runs: has an effect with --accuracy-save"),
        ({"history": "nights.jsonl"}, "Add --accuracy-tier=nightly"),
        ({"date": "yesterday"}, "--accuracy-date: expected a day from 2000-01-01 to"),
        ({"date": "2026-02-31"}, "2999-12-31, got '2026-02-31'"),
        ({"date": "20261126"}, "Type for example --accuracy-date 2026-11-26"),
        ({"date": "9999-12-31"}, "got '9999-12-31'"),
    ],
)
def test_mistakes_are_refused(given: dict[str, Any], what: str) -> None:
    with pytest.raises(UserError, match=what):
        read(**given)

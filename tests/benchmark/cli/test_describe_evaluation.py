from pathlib import Path

from fewbench.benchmark.cli.describe import result_label
from fewbench.benchmark.cli.describe_evaluation import (
    describe_evaluation,
    stopping_text,
)
from fewbench.reports.origin import Checks
from fewbench.reports.stats.class_bootstrap import class_bootstrap
from fewbench.reports.stats.intervals import Interval
from fewbench_tests.made_results import build_result

INTERVAL = Interval(0.5, 0.484375, 0.515625, 0.95, "anytime", 500)


def test_a_half_width_that_was_missed_says_what_it_takes() -> None:
    assert stopping_text(INTERVAL, 0.02) == (
        "stopped after 500 episodes: ± 1.56 %, wanted 2 %"
    )
    missed = stopping_text(INTERVAL, 0.01)
    assert "not the wanted 1 %, which may take about 1,200 episodes" in missed
    assert "--episodes N --overwrite" in missed


def test_a_result_is_described_with_its_file() -> None:
    result = build_result(0.9, 1)
    described = describe_evaluation(Path("r/a.json"), result, None)
    assert described.reached
    assert described.document["path"] == "r/a.json"
    assert described.document["mean"] == result.mean
    assert "reached" not in described.document
    assert "embed 1.5 s, total 2.0 s\nwrote r/a.json" in described.text
    assert "about other classes than these 12" in described.text
    assert described.document["remarks"] == []
    wanted = describe_evaluation(Path("r/a.json"), result, 0.001)
    assert not wanted.reached
    assert wanted.document["reached"] is False


def test_a_single_episode_has_no_interval() -> None:
    described = describe_evaluation(Path("a"), build_result(n_episodes=1), 0.1)
    assert described.document["low"] is None
    assert described.document["half_width"] is None
    assert described.document["other_classes"] is None
    assert not described.reached


def test_a_failed_check_is_said_in_a_line_of_its_own() -> None:
    result = build_result(checks=Checks(order=False))
    described = describe_evaluation(Path("a"), result, None)
    (remark,) = described.document["remarks"]
    assert f"\nNote: {remark}\n" in described.text
    assert "¶" in result_label(result)


def test_an_accuracy_below_guessing_is_said() -> None:
    described = describe_evaluation(Path("a"), build_result(0.07), None)
    (remark,) = described.document["remarks"]
    assert "far below the accuracy of guessing" in remark
    assert f"\nNote: {remark}\n" in described.text
    good = describe_evaluation(Path("a"), build_result(0.9), None)
    assert good.document["remarks"] == []


def test_rough_limits_about_other_classes_are_called_so() -> None:
    result = build_result(0.8, 2, n_episodes=60)
    others = class_bootstrap(result)
    assert others.caution.startswith("rough limits: ")
    described = describe_evaluation(Path("a"), result, None)
    assert f"open-bootstrap)\n{others.caution}\n" in described.text
    # Nothing in a result tells whether classes are related, so it is always said.
    assert "too narrow where classes come in families" in described.text
    assert described.document["other_classes"]["caution"] == others.caution

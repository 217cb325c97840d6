from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.benchmark.guard.comparable import NotComparable
from fewbench.benchmark.guard.judge_same import (
    CHURN_LIMIT,
    judge_same,
    judge_ten_times,
    limits_of,
    needs_confirmation,
)
from fewbench.benchmark.guard.verdict import Rules
from fewbench.reports.stats.non_inferiority import Limits
from fewbench_tests.guarded import OTHER_MACHINE, made, store, with_changed

BEFORE = made(0.8)  # 40 episodes with 75 queries each
MOVED: dict[str, Any] = {"environment": OTHER_MACHINE}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return store(tmp_path_factory.mktemp("same"), BEFORE)


def test_equal_predictions_pass_on_every_machine(stored) -> None:
    for new in (BEFORE, made(0.8, **MOVED)):
        for rules in (Rules(), Rules(fail="identical"), Rules(fail="significant")):
            verdict = judge_same(new, stored, rules)

            assert verdict.outcome == "pass"
            assert "all 3,000 predictions are those of the reference" in verdict.reason
            assert (verdict.difference, verdict.churn) == (0, 0)
            assert not verdict.by_test


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        ({"n": 1}, "1 of 3,000 predictions differ (0.03 %): 0 right to wrong"),
        ({"n": 0, "to_right": 1}, "1 wrong to right"),
        ({"n": 0, "to_right": 5, "to_wrong": 5}, "changed by +0.00 points"),
    ],
)
def test_on_an_equal_machine_every_changed_prediction_fails(
    stored, moves, words
) -> None:
    verdict = judge_same(with_changed(BEFORE, **moves), stored, Rules())

    assert (verdict.outcome, verdict.rule) == ("fail", "identical predictions")
    assert words in verdict.reason
    assert not verdict.by_test
    assert not needs_confirmation(verdict, stored)


def test_a_rise_asks_for_an_update(stored) -> None:
    better = with_changed(BEFORE, 0, to_right=200)

    verdict = judge_same(better, stored, Rules())

    assert verdict.outcome == "improved"
    assert stored.update_command in verdict.remarks[-1]
    assert judge_same(better, stored, Rules(fail="identical")).outcome == "fail"


@pytest.mark.parametrize(
    ("moves", "outcome", "words"),
    [
        ({"n": 20}, "pass", "dropped by less than 0.50 points"),
        ({"n": 40}, "fail", "1.333 % of the predictions changed, and rounding alone"),
        ({"n": 0, "to_wrong": 200}, "fail", "the accuracy dropped: -6.67 points"),
        ({"n": 0, "to_right": 200}, "improved", "the accuracy rose: +6.67 points"),
        ({"n": 0, "to_wrong": 18, "to_right": 11}, "undecided", "more episodes"),
    ],
)
def test_on_another_machine_a_drop_or_too_many_changes_fail(
    stored, moves, outcome, words
) -> None:
    new = with_changed(BEFORE, **moves, **MOVED)

    verdict = judge_same(new, stored, Rules())

    assert (verdict.outcome, verdict.rule) == (
        outcome,
        "no worse, under other conditions",
    )
    assert words in verdict.reason
    assert "instruction set AVX2 there, AVX512 here" in verdict.remarks[0]
    assert (verdict.more_episodes is not None) == (outcome == "undecided")


@pytest.mark.parametrize(
    ("moves", "rules", "outcome"),
    [
        ({"n": 40}, Rules(fail="significant"), "pass"),
        ({"n": 0, "to_wrong": 60}, Rules(fail="significant"), "fail"),
        ({"n": 0, "to_wrong": 60}, Rules(fail="drop", drop=0.01), "fail"),
        ({"n": 0, "to_wrong": 60}, Rules(fail="drop", drop=0.05), "pass"),
        ({"n": 0, "to_wrong": 60}, Rules(fail="drop", drop=0.02), "undecided"),
        ({"n": 1}, Rules(fail="identical"), "fail"),
    ],
)
def test_a_chosen_rule_holds_on_every_machine(stored, moves, rules, outcome) -> None:
    here = judge_same(with_changed(BEFORE, **moves), stored, rules)
    there = judge_same(with_changed(BEFORE, **moves, **MOVED), stored, rules)

    assert (here.outcome, there.outcome) == (outcome, outcome)
    assert here.rule == there.rule


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"precision": "bf16"}, "precision fp32 there, bf16 here"),
        ({"device": "cuda"}, "device cpu there, cuda here"),
        (
            {"recipe": {"backend": "learn2learn"}},
            "backend unknown there, learn2learn here",
        ),
    ],
)
def test_another_precision_or_backend_is_another_circumstance(
    stored, changes, remark
) -> None:
    verdict = judge_same(with_changed(BEFORE, 3, **changes), stored, Rules())

    assert (verdict.outcome, verdict.rule) == (
        "pass",
        "no worse, under other conditions",
    )
    assert remark in verdict.remarks[0]
    assert judge_same(with_changed(BEFORE, 40, **changes), stored, Rules()).outcome == (
        "fail"
    )


@settings(max_examples=25)
@given(
    n=st.integers(0, 60),
    to_right=st.integers(0, 60),
    to_wrong=st.integers(0, 60),
    moved=st.booleans(),
)
def test_churn_and_difference_are_counted(stored, n, to_right, to_wrong, moved) -> None:
    changes: dict[str, Any] = MOVED if moved else {}
    new = with_changed(BEFORE, n, to_right=to_right, to_wrong=to_wrong, **changes)

    verdict = judge_same(new, stored, Rules())

    assert verdict.churn == pytest.approx((n + to_right + to_wrong) / 3000)
    assert verdict.difference == pytest.approx((to_right - to_wrong) / 3000)
    assert verdict.churn is not None
    if verdict.outcome == "pass":
        assert verdict.churn <= (CHURN_LIMIT if moved else 0)


def test_other_data_are_refused(stored) -> None:
    with pytest.raises(NotComparable):
        judge_same(made(0.8, data_fingerprint="other"), stored, Rules())


@pytest.fixture(scope="module")
def ten_times():
    return made(0.8, 9, n_episodes=400, name="glyphs-5w1s-400ep")


@pytest.fixture(scope="module")
def with_ten_times(tmp_path_factory, ten_times):
    return store(tmp_path_factory.mktemp("ten"), BEFORE, ten_times=ten_times)


@pytest.mark.parametrize(
    ("moves", "outcome", "words"),
    [
        ({"n": 0, "to_wrong": 600}, "fail", "confirmed: on 400 episodes"),
        ({"n": 600}, "undecided", "not confirmed: on 400 episodes"),
        ({"n": 0, "to_right": 600}, "undecided", "not confirmed"),
    ],
)
def test_ten_times_the_episodes_decide_on_a_drop(
    with_ten_times, ten_times, moves, outcome, words
) -> None:
    worse = with_changed(BEFORE, 0, to_wrong=29, **MOVED)
    first = judge_same(worse, with_ten_times, Rules())
    assert needs_confirmation(first, with_ten_times)

    verdict = judge_ten_times(
        with_changed(ten_times, **moves), first, with_ten_times, Rules()
    )

    assert verdict.outcome == outcome
    assert words in verdict.reason


def test_too_many_changes_stay_a_failure(with_ten_times, ten_times) -> None:
    worse = with_changed(BEFORE, 0, to_wrong=60, **MOVED)
    first = judge_same(worse, with_ten_times, Rules())

    verdict = judge_ten_times(ten_times, first, with_ten_times, Rules())

    assert (verdict.outcome, verdict.by_test) == ("fail", False)
    assert "2 % of the predictions changed" in verdict.reason


def test_ten_times_need_the_same_episodes(stored, with_ten_times, ten_times) -> None:
    worse = with_changed(BEFORE, 0, to_wrong=29, **MOVED)
    first = judge_same(worse, stored, Rules())
    assert not needs_confirmation(first, stored)

    with pytest.raises(NotComparable, match="ten times"):
        judge_ten_times(ten_times, first, stored, Rules())
    other = made(0.8, n_episodes=400, name="x", episodes_fingerprint="others")
    with pytest.raises(NotComparable, match="ten times"):
        judge_ten_times(other, first, with_ten_times, Rules())


def test_the_limits_of_rules() -> None:
    assert limits_of(Rules(margin=0.01, alpha=0.01)) == Limits(0.01, 0.0, 0.01)
    drop = Rules(fail="drop", drop=0.02)
    assert limits_of(drop) == Limits(0.02, 0.02, 0.05)


def test_changes_are_made_as_asked() -> None:
    new = with_changed(BEFORE, 3, to_right=2, to_wrong=4)

    assert int(np.count_nonzero(new.predictions != BEFORE.predictions)) == 9
    assert int(new.correct.sum() - BEFORE.correct.sum()) == -2

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.reports.records import ResultError
from fewbench.reports.stats.non_inferiority import (
    Limits,
    NonInferiority,
    changed,
    no_worse,
    no_worse_than_counts,
)
from fewbench_tests.made_results import with_correct


def test_limits_agree_with_a_hand_calculation(make_result) -> None:
    new = with_correct(make_result, [6, 8, 6, 5])
    reference = with_correct(make_result, [7, 9, 6, 8])
    # Differences -0.1 -0.1 0 -0.3: mean -0.125, squared deviations sum to 0.0475, over 3.
    error = math.sqrt(0.0475 / 3 / 4)
    t = 2.3533634348018264  # 95 % with 3 degrees of freedom

    found = no_worse(new, reference)

    assert found.difference == pytest.approx(-0.125, rel=1e-12)
    assert found.low == pytest.approx(-0.125 - t * error, rel=1e-9)
    assert found.high == pytest.approx(-0.125 + t * error, rel=1e-9)
    assert (found.outcome, found.dropped, found.n) == ("undecided", False, 4)
    assert no_worse_than_counts(new, reference.correct) == found


def test_equal_predictions_pass_without_a_test(make_result) -> None:
    result = with_correct(make_result, [6, 8, 6, 5])

    found = no_worse(result, result, Limits(margin=1e-6))

    assert (found.low, found.high, found.outcome) == (0, 0, "pass")
    assert not found.improved


@pytest.mark.parametrize(
    ("low", "high", "drop", "two_sided", "outcome"),
    [
        (-0.03, -0.001, 0.0, False, "fail"),
        (-0.03, 0.0, 0.0, False, "undecided"),
        (-0.009, 0.001, 0.0, False, "pass"),
        (-0.009, -0.001, 0.0, False, "fail"),  # surely lower, however little
        (-0.03, -0.009, 0.01, False, "undecided"),
        (-0.03, -0.011, 0.01, False, "fail"),
        (-0.009, -0.001, 0.01, False, "pass"),
        (0.02, 0.03, 0.0, False, "pass"),
        (0.02, 0.03, 0.01, True, "fail"),
        (-0.009, 0.009, 0.01, True, "pass"),
        (-0.009, 0.011, 0.01, True, "undecided"),
        (-0.03, -0.02, 0.01, True, "fail"),
    ],
)
def test_outcomes(low, high, drop, two_sided, outcome) -> None:
    limits = Limits(margin=0.01, drop=drop, two_sided=two_sided)
    found = NonInferiority((low + high) / 2, low, high, 100, limits)

    assert found.outcome == outcome
    assert (found.more_episodes is None) == (outcome != "undecided")


def test_more_episodes_would_just_decide() -> None:
    # Half as wide is narrow enough, so four times the episodes.
    found = NonInferiority(0.0, -0.02, 0.02, 100, Limits(margin=0.01))

    assert found.more_episodes == 300


def test_no_number_of_episodes_decides_on_the_border() -> None:
    limits = Limits(margin=0.01, drop=0.01)
    found = NonInferiority(-0.01, -0.02, 0.0, 100, limits)

    assert (found.outcome, found.more_episodes) == ("undecided", None)


@settings(max_examples=30)
@given(
    pairs=st.lists(
        st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=2, max_size=30
    ),
    alpha=st.sampled_from([0.05, 0.01, 0.001]),
)
def test_a_drop_seen_from_the_other_side_is_a_rise(make_result, pairs, alpha) -> None:
    new, old = (with_correct(make_result, side) for side in zip(*pairs, strict=True))
    limits = Limits(alpha=alpha)

    found, mirrored = no_worse(new, old, limits), no_worse(old, new, limits)

    assert found.dropped == mirrored.improved
    assert found.low == pytest.approx(-mirrored.high)
    assert found.low <= found.difference <= found.high


def test_false_alarms_are_as_rare_as_alpha_says(make_result) -> None:
    rng = np.random.default_rng(3)
    n, failed = 300, 0
    for _ in range(n):
        new, old = rng.binomial(10, 0.7, (2, 40))
        template = with_correct(make_result, new)
        failed += no_worse_than_counts(template, old, Limits(alpha=0.05)).dropped

    assert abs(failed / n - 0.05) < 4 * math.sqrt(0.05 * 0.95 / n)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"margin": 0.5, "alpha": 5}, "alpha"),
        ({"alpha": 0.5}, "alpha"),
        ({"margin": 0}, "margin"),
        ({"drop": 0.01}, "drop: expected a fraction from 0 to the margin 0.005"),
    ],
)
def test_numbers_out_of_range_are_refused(values, words) -> None:
    with pytest.raises(ResultError, match=words):
        Limits(**values)


def test_other_episodes_are_refused(make_result) -> None:
    new = with_correct(make_result, [6, 8])
    other = with_correct(make_result, [6, 8], episodes_fingerprint="others")

    for function in (no_worse, changed):
        with pytest.raises(ResultError, match="episodes_fingerprint"):
            function(new, other)


def test_right_to_wrong_is_seen_from_the_reference(make_result) -> None:
    moved = changed(
        with_correct(make_result, [6, 8]), with_correct(make_result, [7, 8])
    )

    assert (moved.right_to_wrong, moved.wrong_to_right) == (1, 0)

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fewbench.reports.records import ResultError
from fewbench.reports.stats.retraining import worse_than

# Quantiles of Student's t at 95 %, from a printed table: degrees of freedom -> quantile.
T = {2: 2.9199855803537, 9: 1.8331129326536}


def test_the_test_agrees_with_a_hand_calculation() -> None:
    # Mean 0.51, standard deviation 0.01.
    found = worse_than([0.47], [0.5, 0.51, 0.52])
    error = 0.01 * math.sqrt(1 + 1 / 3)

    assert found.spread == pytest.approx(0.01)
    assert found.drop == pytest.approx(0.04)
    assert found.alarm == pytest.approx(T[2] * error)
    assert found.p_value == pytest.approx(stats.t.sf(0.04 / error, 2))
    assert found.failed
    assert not worse_than([0.48], [0.5, 0.51, 0.52]).failed


@pytest.mark.parametrize(("n", "alarm", "visible"), [(3, 3.37, 4.6), (10, 1.92, 2.83)])
def test_drops_of_one_new_run_in_standard_deviations(n, alarm, visible) -> None:
    found = worse_than(0.5, np.linspace(0.4, 0.6, n))

    assert found.alarm / found.spread == pytest.approx(alarm, abs=0.01)
    assert found.visible_drop / found.spread == pytest.approx(visible, abs=0.01)


@settings(max_examples=30)
@given(
    n=st.integers(3, 12),
    n_new=st.integers(1, 5),
    alpha=st.floats(1e-5, 0.2),
    allowed=st.sampled_from([0.0, 0.01]),
)
def test_the_visible_drop_is_seen_8_times_in_10(n, n_new, alpha, allowed) -> None:
    found = worse_than([0.5] * n_new, np.linspace(0.45, 0.55, n), alpha, allowed)
    error = found.spread * math.sqrt(1 / n_new + 1 / n)
    critical = (found.alarm - allowed) / error
    noncentrality = (found.visible_drop - allowed) / error

    assert stats.t.sf(critical, n - 1) == pytest.approx(alpha, rel=1e-6)
    assert stats.nct.sf(critical, n - 1, noncentrality) == pytest.approx(0.8, abs=1e-3)


@settings(max_examples=30)
@given(drop=st.floats(-0.2, 0.2))
def test_a_rise_is_judged_as_a_drop_is(drop) -> None:
    references = np.array([0.49, 0.5, 0.52, 0.53])
    mean = references.mean()
    below = worse_than([mean - drop], references)
    above = worse_than([mean + drop], references)

    assert below.failed == above.improved
    assert below.failed == (below.p_value < 0.05)


def test_an_allowed_drop_is_no_failure() -> None:
    references = [0.5, 0.505, 0.51, 0.495, 0.49]

    assert worse_than(0.48, references).failed
    assert not worse_than(0.48, references, allowed=0.02).failed
    assert worse_than(0.45, references, allowed=0.02).failed


def test_false_alarms_are_as_rare_as_alpha_says() -> None:
    rng = np.random.default_rng(2)
    n = 2000
    failed = sum(
        worse_than(rng.normal(0.5, 0.01, 2), rng.normal(0.5, 0.01, 4)).failed
        for _ in range(n)
    )

    assert abs(failed / n - 0.05) < 4 * math.sqrt(0.05 * 0.95 / n)


@pytest.mark.parametrize(
    ("new", "reference", "words"),
    [
        ([0.5], [0.5, 0.6], "at least 3 reference runs"),
        ([], [0.5, 0.6, 0.7], "a new run, got 3 and 0"),
        ([0.5], [0.5, 0.5, 0.5], "3 times 50.00 %"),
        ([50], [0.5, 0.6, 0.7], "Divide percentages"),
        ([0.5], [50, 60, 70], "Divide percentages"),
    ],
)
def test_what_cannot_be_tested_is_refused(new, reference, words) -> None:
    with pytest.raises(ResultError, match=words):
        worse_than(new, reference)

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.records import ResultError
from fewbench.reports.stats.intervals import mean_t
from fewbench.reports.stats.precision_target import PrecisionTarget, fewest_episodes


@given(
    variance=st.floats(1e-6, 0.25),
    wanted=st.floats(1e-4, 0.3),
    level=st.floats(0.5, 0.99),
)
def test_the_planned_number_of_episodes_is_the_smallest_that_does(
    variance, wanted, level
):
    n = PrecisionTarget(half_width=wanted, level=level).episodes(variance)

    def half_width(n):
        # Any n values whose variance (ddof 1) is this: all equal but for two.
        values = np.full(n, 0.5)
        values[:2] += np.array([1, -1]) * math.sqrt(variance * (n - 1) / 2)
        return (
            mean_t(values, level, "episodes-t").half_width
            if np.ptp(values) <= 1
            else None
        )

    if n and 2 < n < 10_000:
        # A tie may be rounded to either side.
        enough = half_width(n)
        assert enough is None or enough <= wanted * (1 + 1e-9)
        too_few = half_width(n - 1)
        assert too_few is None or too_few > wanted * (1 - 1e-9)


def test_the_planned_episodes_detect_the_difference_as_often_as_asked():
    rng = np.random.default_rng(8)
    n = PrecisionTarget(difference=0.01, power=0.8).episodes(0.03**2)
    assert n is not None
    runs = rng.normal(0.01, 0.03, (4000, n))
    intervals = [np.mean(run) / (np.std(run, ddof=1) / math.sqrt(n)) for run in runs]

    # (1.96 + 0.84)^2 * 9 and a little for Student's t.
    assert n in range(71, 76)
    # The 97.5 % quantile of T with 72 degrees of freedom; four standard errors are 2.5 points.
    assert np.mean(np.array(intervals) > 1.9935) == pytest.approx(0.8, abs=0.026)


@given(
    differing=st.floats(0, 1), room=st.floats(0.5, 1), wanted=st.floats(1e-3, 0.2),
    variance=st.floats(1e-6, 0.1),
)  # fmt: skip
def test_fewer_episodes_that_differ_never_need_fewer_episodes(
    differing, room, wanted, variance
):
    target = PrecisionTarget(half_width=wanted)
    plain = target.episodes(variance)
    planned = target.episodes(variance, differing, room)

    assert plain is not None
    assert planned is not None
    assert planned >= plain


def test_a_target_without_a_precision_is_refused():
    with pytest.raises(
        ResultError, match="half-width or a difference above 0, got None"
    ):
        PrecisionTarget().episodes(0.01)
    with pytest.raises(ResultError, match="got 0.0"):
        PrecisionTarget(half_width=0.01, difference=0.0).episodes(0.01)


@pytest.mark.parametrize("enough", [2, 3, 4, 5, 1000, 1023, 1024, 1025, 10**9])
def test_the_fewest_episodes_are_found(enough):
    assert fewest_episodes(lambda n: n >= enough) == enough


def test_more_than_a_billion_episodes_are_not_planned():
    assert fewest_episodes(lambda n: n > 10**9) is None
    assert fewest_episodes(lambda _: True) == 2

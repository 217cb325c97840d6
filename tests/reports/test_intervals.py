import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.intervals import Interval, episodes_t, legacy_z, result_interval
from fewbench.reports.records import ResultError

fractions = st.lists(st.floats(0, 1), min_size=2, max_size=40)
BOTH = pytest.mark.parametrize("interval", [episodes_t, legacy_z])


def test_episodes_t_agrees_with_a_hand_calculation():
    # Mean 0.7; squared deviations 0.01 0.01 0.04 0.04 sum to 0.1, over n - 1 = 3;
    # the 97.5 % quantile of Student's t with 3 degrees of freedom from a printed table.
    t = 3.1824463052837091
    half = t * math.sqrt(0.1 / 3) / math.sqrt(4)

    interval = episodes_t([0.6, 0.8, 0.5, 0.9])

    assert interval.mean == pytest.approx(0.7, rel=1e-12)
    assert interval.half_width == pytest.approx(half, rel=1e-12)
    assert interval.low == pytest.approx(0.7 - half, rel=1e-12)
    assert interval.high == pytest.approx(0.7 + half, rel=1e-12)
    assert (interval.level, interval.kind, interval.n) == (0.95, "episodes-t", 4)


def test_episodes_t_at_one_degree_of_freedom_is_the_cauchy_quantile():
    # With n = 2 the quantile is tan(pi (p - 1/2)) and the standard error is |a - b| / 2.
    interval = episodes_t([0.2, 0.6], level=0.9)

    assert interval.half_width == pytest.approx(math.tan(math.pi * 0.45) * 0.2, rel=1e-12)


@pytest.mark.parametrize(("ddof", "variance"), [(0, 0.1 / 4), (1, 0.1 / 3)])
def test_legacy_z_agrees_with_a_hand_calculation(ddof, variance):
    interval = legacy_z([0.6, 0.8, 0.5, 0.9], ddof=ddof)

    assert interval.half_width == pytest.approx(1.96 * math.sqrt(variance) / 2, rel=1e-12)
    assert interval.kind == "legacy-z"


def test_legacy_z_knows_only_the_customary_factors():
    assert legacy_z([0, 1], level=0.99).half_width == pytest.approx(2.576 * 0.5 / math.sqrt(2))
    with pytest.raises(ResultError, match=r"0\.9, 0\.95, 0\.99; got 0\.8"):
        legacy_z([0, 1], level=0.8)


@BOTH
@given(values=fractions)
def test_intervals_hold_the_mean_and_do_not_depend_on_order(interval, values):
    forward, backward = interval(values), interval(values[::-1])

    assert forward.low <= forward.mean <= forward.high
    assert forward.mean == pytest.approx(math.fsum(values) / len(values), rel=1e-12, abs=1e-15)
    assert forward.half_width == pytest.approx(backward.half_width, rel=1e-9, abs=1e-12)


@BOTH
@given(values=fractions)
def test_mirrored_accuracies_give_the_mirrored_interval(interval, values):
    plain, mirrored = interval(values), interval([1 - value for value in values])

    assert mirrored.mean == pytest.approx(1 - plain.mean, abs=1e-12)
    assert mirrored.half_width == pytest.approx(plain.half_width, rel=1e-6, abs=1e-12)


@given(values=fractions)
def test_a_higher_level_is_never_narrower_and_t_is_never_narrower_than_z(values):
    widths = [episodes_t(values, level).half_width for level in (0.5, 0.9, 0.95, 0.99)]

    assert widths == sorted(widths)
    # The old factor is rounded up from 1.95996, which t undercuts from about 65,000 episodes on.
    assert episodes_t(values).half_width >= legacy_z(values).half_width


@BOTH
@given(value=st.floats(0, 1), n=st.integers(2, 50))
def test_equal_accuracies_give_a_width_of_exactly_zero(interval, value, n):
    result = interval([value] * n)

    assert (result.low, result.mean, result.high) == (value, value, value)
    assert result.half_width == 0


@BOTH
@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ([0.5], "at least 2 episodes"),
        ([], "at least 2 episodes"),
        ([[0.1, 0.2], [0.3, 0.4]], r"shape \(2, 2\)"),
        ([98.1, 97.2], "Divide percentages by 100"),
        ([0.1, float("nan")], "fractions from 0 to 1"),
    ],
)
def test_what_has_no_interval_is_refused(interval, values, complaint):
    with pytest.raises(ResultError, match=complaint):
        interval(values)


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_a_level_that_is_no_fraction_is_refused(level):
    with pytest.raises(ResultError, match=r"fraction like 0\.95"):
        episodes_t([0.1, 0.2], level)


def test_an_interval_reads_in_percent():
    interval = Interval(0.98414, 0.98274, 0.98554, 0.95, "episodes-t", 600)

    assert str(interval) == "98.41 ± 0.14 %"


def test_nineteen_of_twenty_t_intervals_hold_the_true_mean():
    # Episodes of 25 binomial queries at true accuracy 0.8, 10 episodes a run, 4,000 runs.
    rng = np.random.default_rng(20)
    runs = rng.binomial(25, 0.8, size=(4000, 10)) / 25

    intervals = [episodes_t(run) for run in runs]

    covered = np.mean([interval.low <= 0.8 <= interval.high for interval in intervals])
    # Four standard errors of a coverage of 0.95 over 4,000 runs are 0.0138.
    assert covered == pytest.approx(0.95, abs=0.0138)


def test_a_result_without_an_interval_is_named(make_result):
    with pytest.raises(ResultError, match=r"glyphs-5w1s__protonet__seed0: no interval"):
        result_interval(make_result(n_episodes=1))

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.records import ResultError
from fewbench.reports.stats.accuracies import mean_and_std
from fewbench.reports.stats.intervals import episodes_t, legacy_z

BOTH = pytest.mark.parametrize("interval", [episodes_t, legacy_z])


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


@given(value=st.floats(0, 1), n=st.integers(2, 50))
def test_equal_values_have_no_spread_at_all(value, n):
    assert mean_and_std(np.full(n, value)) == (value, 0.0)


@pytest.mark.parametrize(("ddof", "divisor"), [(0, 4), (1, 3)])
def test_mean_and_std_agree_with_a_hand_calculation(ddof, divisor):
    mean, std = mean_and_std(np.array([0.6, 0.8, 0.5, 0.9]), ddof)

    assert mean == pytest.approx(0.7, rel=1e-12)
    assert std == pytest.approx(math.sqrt(0.1 / divisor), rel=1e-12)

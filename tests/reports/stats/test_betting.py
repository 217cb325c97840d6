import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.stats.betting import BETS, log_wealth
from fewbench.reports.stats.intervals import (
    anytime,
)


def test_anytime_ends_where_the_bets_have_multiplied_to_the_threshold():
    shares = [0.6, 0.8, 0.5, 0.9] * 20
    interval = anytime(shares)

    def mean_wealth(values, mean):
        bets = [math.prod(1 + bet * (x / mean - 1) for x in values) for bet in BETS]
        return sum(bets) / len(bets)

    # Each side may use up half of 5 %: its wealth has to reach 1 / 0.025.
    assert mean_wealth(shares, interval.low) == pytest.approx(40, rel=1e-5)
    flipped = [1 - share for share in shares]
    assert mean_wealth(flipped, 1 - interval.high) == pytest.approx(40, rel=1e-5)


@given(mean=st.floats(0.01, 0.99), middle=st.floats(0.02, 0.98))
def test_nobody_gets_rich_on_average_by_betting_against_the_true_mean(mean, middle):
    # All 3^3 outcomes of three episodes that score 0, `middle` or 1, with probabilities that
    # give this mean: the expected wealth of every bet is exactly its stake.
    top = mean / 2
    half = min((mean - top) / middle, 1 - top)
    mean = top + half * middle
    points = {0.0: 1 - top - half, middle: half, 1.0: top}
    expected = sum(
        points[a] * points[b] * points[c]
        * np.exp(log_wealth(np.array([a, b, c]), np.ones(3, np.int64), mean))
        for a in points
        for b in points
        for c in points
    )  # fmt: skip

    assert expected == pytest.approx(np.ones(BETS.size), rel=1e-9)

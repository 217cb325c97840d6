import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fewbench.reports.stats.intervals import anytime, episodes_t, mean_t
from fewbench.reports.stats.little_spread import (
    FEW,
    Allowance,
    MeanError,
    little_spread,
    share_that_differs,
    unseen_weight,
)


def imperfect(n, k, loss=1 / 75):
    """Accuracies of n episodes; k of them lose `loss`."""
    return np.r_[np.full(n - k, 1.0), np.full(k, 1 - loss)]


@pytest.mark.parametrize(
    ("values", "little"),
    [
        ([1.0] * 300, True),
        ([1.0] * 290 + [0.9] * 10, True),
        ([1.0] * 251 + [0.9] * 49, True),
        ([1.0] * 250 + [0.9] * 50, False),
        ([1.0] * 11 + [0.9] * 9, True),
        ([1.0] * 10 + [0.9] * 10, False),  # no majority
        ([0.9] * 4 + [1.0, 0.8, 0.7, 0.6], False),
        ([0.2, 0.6], False),
    ],
)
def test_few_that_differ_from_the_rest_are_little_spread(values, little):
    shuffled = np.random.default_rng(1).permutation(values)

    assert little_spread(shuffled) == little
    assert episodes_t(values).of_little_spread == little


def test_the_allowance_agrees_with_a_hand_calculation():
    # 3 of 100 differ. Enough would be 50: weight (1 - 3 / 50) / (3 + 1).
    values = imperfect(100, 3, 0.2)
    weight = 0.94 / 4
    assert unseen_weight(100, 3) == pytest.approx(weight)
    assert share_that_differs(values) == 0.03
    # Mean 0.994; squared deviations 3 * 0.194^2 + 97 * 0.006^2 = 0.1164, over 99.
    by_spread = 1.98421695150864 * np.sqrt(0.1164 / 99 / 100)
    unseen = weight * (1 - 0.025**0.01)

    interval = episodes_t(values)

    assert interval.mean == pytest.approx(0.994)
    assert interval.low == pytest.approx(0.994 - by_spread - unseen * 0.994)
    assert interval.high == pytest.approx(min(0.994 + by_spread + unseen * 0.006, 1))


@pytest.mark.parametrize("n", [2, 20, 600, 10_000])
def test_perfect_episodes_get_the_exact_binomial_limit(n):
    # 0 of n episodes are imperfect: the upper limit of their share.
    exact = stats.beta.ppf(0.975, 1, n)

    interval = episodes_t([1.0] * n)

    assert interval.high == 1
    assert interval.low == pytest.approx(1 - exact, rel=1e-9)


@pytest.mark.parametrize("n", [20, 60, 200, 600, 10_000])
@pytest.mark.parametrize("loss", [1 / 75, 0.2, 0.8])
def test_one_more_imperfect_episode_changes_the_half_width_by_a_factor_of_22_at_most(
    n, loss
):
    most = min(n // 2 + 3, FEW + 5)
    widths = [episodes_t(imperfect(n, k, loss)).half_width for k in range(most)]
    factors = np.divide(widths[1:], widths[:-1])

    assert factors.min() > 1 / 2.2
    assert factors.max() < 2.2
    # Where the rule of ten was, and where the allowance ends, nothing jumps.
    assert factors[9:] == pytest.approx(1, abs=0.6)


def test_ten_imperfect_episodes_are_not_worth_a_hundred_times_nine():
    nine, ten = (episodes_t(imperfect(600, k)).half_width for k in (9, 10))

    # Student's t gives 0.00013 and 0.00014, and the allowance 0.00050 and 0.00045.
    assert nine == pytest.approx(0.00063, abs=1e-5)
    assert ten == pytest.approx(0.00058, abs=1e-5)


@pytest.mark.parametrize("n", [60, 600])
@pytest.mark.parametrize("loss", [1 / 15, 0.8])
def test_rare_episodes_are_covered_whatever_their_share(n, loss):
    # All outcomes are enumerated: k of n episodes are imperfect.
    k = np.arange(min(n, 90) + 1)
    found = [episodes_t(imperfect(n, int(one), loss)) for one in k]
    low = np.array([one.low for one in found])
    high = np.array([one.high for one in found])
    covered = []
    for share in np.linspace(0.1, 25, 60) / n:
        holds = (low <= 1 - share * loss) & (1 - share * loss <= high)
        covered.append(stats.binom.pmf(k[holds], n, share).sum())

    assert min(covered) > 0.925
    assert np.mean(covered) > 0.95


@given(
    values=st.lists(st.integers(0, 4), min_size=2, max_size=40).map(lambda x: [4] * 45 + x),
    level=st.sampled_from([0.5, 0.9, 0.95]),
)  # fmt: skip
def test_the_interval_is_wider_than_by_the_spread_mirrors_and_grows_with_the_level(
    values, level
):
    shares = np.array(values) / 4
    plain = episodes_t(shares, level)
    mirrored = episodes_t(1 - shares, level)
    wider = episodes_t(shares, 0.99)

    assert 0 <= plain.low <= plain.mean <= plain.high <= 1
    assert mirrored.low == pytest.approx(1 - plain.high, abs=1e-12)
    assert mirrored.high == pytest.approx(1 - plain.low, abs=1e-12)
    assert wider.low <= plain.low
    assert plain.high <= wider.high
    by_spread = mean_t(shares, level, "episodes-t")
    assert plain.low <= max(by_spread.low, 0)
    assert plain.low >= 0 or plain.half_width <= anytime(shares, level).half_width


@given(
    tail=st.floats(1e-12, 0.9), error=st.floats(1e-6, 0.2), weight=st.floats(0, 1),
    n=st.integers(2, 10_000), room=st.floats(0.01, 1),
)  # fmt: skip
def test_the_p_value_is_the_tail_of_the_limit(tail, error, weight, n, room):
    known = MeanError(error, n - 1, Allowance(weight, n))

    assert known.tail(known.width(tail, room), room) == pytest.approx(tail, rel=1e-6)

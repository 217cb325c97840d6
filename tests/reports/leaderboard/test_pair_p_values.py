import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.reports.leaderboard.pair_p_values import Unseen, two_sided
from fewbench.reports.stats.little_spread import Allowance, MeanError


def p_value(distance, error, df, *allowances):
    """The p-value of one pair. An allowance is its weight, n and room."""
    unseen = []
    for weight, n, room in allowances:
        one = Unseen(np.array([weight]), np.array([n]), np.array([room]))
        unseen.append(one)
    found = two_sided(np.array([distance]), np.array([error]), np.array([df]), unseen)
    return found.item()


def test_nothing_to_allow_for_leaves_the_t_test():
    # One degree of freedom: 1 - 2 / pi * atan(t), here t = 1.
    assert p_value(0.2, 0.2, 1, (0.0, 9, 1.0)) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.parametrize("distance", [0.0, 0.7])
def test_an_unknown_error_leaves_everything_possible(distance, weight):
    assert p_value(distance, np.inf, 2, (weight, 9, 1.0)) == 1


def test_any_of_the_allowances_counts():
    none, half = (0.0, 9, 1.0), (0.5, 9, 1.0)

    alone = p_value(0.5, 0.1, 4, half)

    assert p_value(0.5, 0.1, 4, none, half) == alone
    assert p_value(0.5, 0.1, 4, half, none) == alone


def test_only_pairs_with_an_allowance_get_one():
    unseen = Unseen(np.array([0.0, 0.5]), np.array([9, 9]), np.array([1.0, 1.0]))

    twice = two_sided(np.full(2, 0.5), np.full(2, 0.1), np.full(2, 4), [unseen])

    assert twice[0] == p_value(0.5, 0.1, 4, (0.0, 9, 1.0))
    assert twice[1] == p_value(0.5, 0.1, 4, (0.5, 9, 1.0)) > twice[0]


@settings(max_examples=50)
@given(
    n=st.integers(2, 700),
    n_differ=st.integers(0, 49),
    distance=st.floats(0, 1),
    error=st.sampled_from([0.0, 1e-5, 0.003, 0.05]),
)
def test_p_values_are_those_of_one_mean(n, n_differ, distance, error):
    weight = 1 / (1 + n_differ)
    one = MeanError(error, n - 1, Allowance(weight, n))

    found = p_value(distance, error, n - 1, (weight, n, 1.5))

    expected = min(2 * max(one.tail(distance, 1.5), 1e-100), 1)
    assert found == pytest.approx(expected, rel=1e-9, abs=0)


def test_two_allowances_add_up():
    # Half of 1 - tail^(1/3) from each: 1 - tail^(1/3) = 0.5, so the tail is 1/8.
    found = p_value(0.5, 0.0, 1, (1.0, 3, 0.5), (1.0, 3, 0.5))

    assert found == pytest.approx(2 / 8, rel=1e-9)


def test_tails_stop_where_the_quantiles_of_scipy_are_wrong():
    # With 3 degrees of freedom, the tail beyond 1e60 is about 1e-180.
    found = p_value(1.0, 1e-60, 3, (1e-9, 4, 1.0))

    assert found == pytest.approx(2e-100, rel=1e-9, abs=0)

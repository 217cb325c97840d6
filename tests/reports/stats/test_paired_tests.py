import numpy as np
import pytest

from fewbench.reports.stats.comparisons import (
    compare,
)
from fewbench.reports.stats.equivalence import reproduced
from fewbench_tests.made_results import with_correct


def test_the_same_difference_in_every_episode_is_no_certainty(make_result):
    def pair(n):
        return compare(
            with_correct(make_result, [9] * n), with_correct(make_result, [5] * n)
        )

    two, twenty, many = pair(2), pair(20), pair(2000)

    assert two.interval is not None
    assert [one.difference for one in (two, twenty, many)] == pytest.approx([0.4] * 3)
    assert (two.p_value, two.interval.kind) == (1, "little-spread")
    assert 0.001 < twenty.p_value < 0.5
    assert many.p_value < 1e-9
    # Limits and p-value are two views of one test.
    for one in (two, twenty, many):
        assert one.interval is not None
        assert (one.p_value <= 0.05) == (one.interval.low > 0)
        assert one.interval.low < one.difference < one.interval.high


def test_the_bootstrap_redraws_episodes(make_result):
    rng = np.random.default_rng(0)
    a = with_correct(make_result, rng.binomial(10, 0.8, 200))
    b = with_correct(make_result, rng.binomial(10, 0.7, 200))
    differences = a.accuracies - b.accuracies
    means = [rng.choice(differences, 200).mean() for _ in range(4000)]

    interval = compare(a, b, level=0.9).bootstrap

    assert interval is not None
    # A quantile of 4,000 resamples is known to about a twentieth of their spread.
    spread = float(np.std(means))
    assert interval.low == pytest.approx(np.quantile(means, 0.05), abs=0.15 * spread)
    assert interval.high == pytest.approx(np.quantile(means, 0.95), abs=0.15 * spread)
    assert (interval.kind, interval.level) == ("paired-bootstrap", 0.9)
    assert compare(a, b, level=0.9).bootstrap == interval
    assert compare(a, b, resamples=0).bootstrap is None


def test_a_difference_in_few_episodes_allows_for_what_was_not_seen(make_result):
    a = with_correct(make_result, [8] * 300)
    numbers = range(1, 60)
    pairs = []
    for n in numbers:
        b = with_correct(make_result, [7] * n + [8] * (300 - n))
        pairs.append(compare(a, b, resamples=0))
    p_values = np.array([pair.p_value for pair in pairs])

    kinds = []
    for pair in pairs:
        assert pair.interval is not None
        kinds.append(pair.interval.kind)
        assert (pair.p_value <= 0.05) == (pair.interval.low > 0)
    assert kinds == ["little-spread"] * 49 + ["paired-t"] * 10
    # Five episodes of 300 prove nothing, though all five say the same.
    assert p_values[4] > 0.3
    assert p_values[29] < 0.001
    # More episodes that say the same never say less, and no single one decides.
    assert (np.diff(p_values) <= 0).all()
    assert (p_values[1:20] > 0.4 * p_values[:19]).all()


def test_what_stopped_when_it_suited_is_judged_by_bets(make_result):
    fixed = make_result(0.8, 3, n_episodes=400)
    stopped, other = (
        make_result(p, k, n_episodes=400, interval="anytime")
        for p, k in ((0.8, 3), (0.75, 4))
    )

    pair = compare(stopped, other)
    both = compare(fixed, other)
    assert pair.interval is not None
    assert both.interval is not None
    assert pair.interval.kind == "paired-anytime"
    assert pair.interval.half_width > both.interval.half_width * 0.99
    assert pair.p_value > compare(fixed, make_result(0.75, 4, n_episodes=400)).p_value
    wide, narrow = reproduced(stopped, 0.8, 0.05), reproduced(fixed, 0.8, 0.05)
    assert wide.low < narrow.low < narrow.high < wide.high

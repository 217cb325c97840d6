import dataclasses
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fewbench.reports.records import EvalProtocol, ResultError
from fewbench.reports.stats.betting import little_spread
from fewbench.reports.stats.comparisons import (
    compare,
    compare_all,
    holm,
    tied_with_best,
)
from fewbench.reports.stats.equivalence import reproduced


def with_correct(make_result, correct, **changes):
    """A result of 2-way episodes of 5 queries a class with so many right answers in each."""
    correct = np.asarray(correct, np.int32)
    right = np.arange(10) < correct[:, None]
    truth = np.arange(2).repeat(5)
    predictions = np.where(right, truth, 1 - truth).astype(np.uint8)
    card = {"n_way": 2, "n_query": 5, "n_episodes": len(correct)}
    return make_result(**card, predictions=predictions, correct=correct, **changes)


def test_paired_t_agrees_with_a_hand_calculation(make_result):
    a = with_correct(make_result, [7, 9, 6, 8])
    b = with_correct(make_result, [6, 8, 6, 5])
    # Differences 0.1 0.1 0 0.3: mean 0.125, squared deviations sum to 0.0475, over 3.
    error = math.sqrt(0.0475 / 3 / 4)
    t = 3.1824463052837091  # 97.5 % with 3 degrees of freedom

    found = compare(a, b)

    assert (found.a, found.b, found.n) == (a, b, 4)
    assert found.difference == pytest.approx(0.125, rel=1e-12)
    assert found.interval.low == pytest.approx(0.125 - t * error, rel=1e-9)
    assert found.interval.high == pytest.approx(0.125 + t * error, rel=1e-9)
    assert (found.interval.kind, found.interval.n) == ("paired-t", 4)
    assert found.superiority == pytest.approx((3 + 0.5) / 4)
    # The distribution of T with 3 degrees of freedom in closed form.
    x = 0.125 / error / math.sqrt(3)
    p = 1 - 2 / math.pi * (math.atan(x) + x / (1 + x * x))
    assert found.p_value == pytest.approx(p, rel=1e-9)
    assert found.p_adjusted == found.p_value


@given(
    pairs=st.lists(
        st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=2, max_size=40
    )
)
def test_comparisons_agree_with_scipy_and_with_their_mirror(make_result, pairs):
    a, b = (with_correct(make_result, side) for side in zip(*pairs, strict=True))

    found, mirrored = compare(a, b, resamples=50), compare(b, a, resamples=0)

    assert found.difference == pytest.approx(-mirrored.difference)
    assert found.p_value == pytest.approx(mirrored.p_value)
    assert found.superiority == pytest.approx(1 - mirrored.superiority)
    assert found.interval.low <= found.difference <= found.interval.high
    if not little_spread(np.array([x - y for x, y in pairs])):
        expected = stats.ttest_rel(a.correct, b.correct)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
        limits = expected.confidence_interval(0.95)
        assert 10 * found.interval.high == pytest.approx(
            limits.high, rel=1e-6, abs=1e-9
        )


def test_equal_results_do_not_differ_but_for_what_was_not_seen(make_result):
    result = make_result(0.83, n_episodes=1000)
    found = compare(result, result)

    assert (found.difference, found.p_value, found.superiority) == (0, 1, 0.5)
    assert (found.interval.kind, found.bootstrap) == ("little-spread", None)
    assert 0 < found.interval.half_width < 0.02
    assert found.interval.low == pytest.approx(-found.interval.high, abs=1e-8)


def test_the_same_difference_in_every_episode_is_no_certainty(make_result):
    def pair(n):
        return compare(
            with_correct(make_result, [9] * n), with_correct(make_result, [5] * n)
        )

    two, twenty, many = pair(2), pair(20), pair(2000)

    assert [one.difference for one in (two, twenty, many)] == pytest.approx([0.4] * 3)
    assert (two.p_value, two.interval.kind) == (1, "little-spread")
    assert 0.001 < twenty.p_value < 0.5
    assert many.p_value < 1e-9
    # Limits and p-value are two views of one test.
    for one in (two, twenty, many):
        assert (one.p_value <= 0.05) == (one.interval.low > 0)
        assert one.interval.low < one.difference < one.interval.high


def test_the_bootstrap_redraws_episodes(make_result):
    rng = np.random.default_rng(0)
    a = with_correct(make_result, rng.binomial(10, 0.8, 200))
    b = with_correct(make_result, rng.binomial(10, 0.7, 200))
    differences = a.accuracies - b.accuracies
    means = [rng.choice(differences, 200).mean() for _ in range(4000)]

    interval = compare(a, b, level=0.9).bootstrap

    # A quantile of 4,000 resamples is known to about a twentieth of their spread.
    spread = np.std(means)
    assert interval.low == pytest.approx(np.quantile(means, 0.05), abs=0.15 * spread)
    assert interval.high == pytest.approx(np.quantile(means, 0.95), abs=0.15 * spread)
    assert (interval.kind, interval.level) == ("paired-bootstrap", 0.9)
    assert compare(a, b, level=0.9).bootstrap == interval
    assert compare(a, b, resamples=0).bootstrap is None


def test_holm_agrees_with_a_hand_calculation():
    # Sorted 0.01 0.02 0.03 0.5, times 4 3 2 1: 0.04 0.06 0.06 0.5, and never falling.
    adjusted = holm(np.array([0.5, 0.01, 0.03, 0.02]))

    assert adjusted == pytest.approx([0.5, 0.04, 0.06, 0.06])


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_keeps_the_order_and_stays_between_p_and_bonferroni(p_values):
    p = np.array(p_values)
    adjusted = holm(p)

    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(p * p.size, 1) + 1e-15)
    assert np.all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0)


def test_many_results_are_compared_pair_by_pair_and_adjusted_together(make_result):
    results = [make_result(share, k) for k, share in enumerate([0.8, 0.82, 0.9])]

    found = compare_all(results, level=0.9)

    assert [(one.a, one.b) for one in found] == [
        (results[0], results[1]), (results[0], results[2]), (results[1], results[2])
    ]  # fmt: skip
    for one in found:
        alone = compare(one.a, one.b, level=0.9)
        assert one.interval == alone.interval
        assert (one.p_value, one.superiority) == (alone.p_value, alone.superiority)
    adjusted = holm(np.array([one.p_value for one in found]))
    assert [one.p_adjusted for one in found] == pytest.approx(list(adjusted))
    with pytest.raises(ResultError, match="at least 2 results; got 1"):
        compare_all(results[:1])


def test_tied_with_best_keeps_those_that_cannot_be_told_from_it(make_result):
    shares = [0.9, 0.5, 0.905, 0.6]
    results = [make_result(share, k, n_episodes=300) for k, share in enumerate(shares)]

    assert tied_with_best(results) == {0, 2}
    assert tied_with_best(results[:1]) == {0}
    assert tied_with_best([]) == set()
    assert tied_with_best([results[1], results[1]]) == {0, 1}


OTHER = {
    "dataset": "omniglot", "split": "val", "n_way": 6, "n_shot": 5, "n_query": 10,
    "n_episodes": 30, "seed": 7, "rotations": True, "task_rotations": True, "sampling": "disjoint",
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), OTHER.items())
def test_results_on_other_episodes_are_refused_by_field(make_result, field, value):
    a, b = make_result(), make_result(**{field: value})
    expected = f"Expected {field} {getattr(a.protocol, field)} for both; got {value}"

    with pytest.raises(ResultError, match=expected):
        compare(a, b)


@pytest.mark.parametrize("field", ["data_fingerprint", "episodes_fingerprint"])
def test_results_on_other_images_are_refused_by_fingerprint(make_result, field):
    with pytest.raises(ResultError, match=f"Expected {field} .*-1 for both; got other"):
        compare_all([make_result(), make_result(), make_result(**{field: "other"})])


def test_every_field_of_a_card_either_makes_the_episodes_or_is_known_not_to(
    make_result,
):
    fields = {field.name for field in dataclasses.fields(EvalProtocol)}
    changes = {
        "name": "other",
        "transductive": True,
        "adaptation_steps": 5,
        "interval": "anytime",
    }

    assert fields == set(OTHER) | set(changes)
    protocol = dataclasses.replace(make_result().protocol, **changes)
    other = dataclasses.replace(make_result(), protocol=protocol)
    assert compare(make_result(), other).difference == 0


def test_a_single_episode_cannot_be_compared(make_result):
    with pytest.raises(ResultError, match="at least 2 episodes"):
        compare(make_result(n_episodes=1), make_result(n_episodes=1))


def test_reproduced_agrees_with_a_hand_calculation(make_result):
    result = with_correct(make_result, [6, 8, 5, 9])
    # Mean 0.7, standard error sqrt(0.1 / 3 / 4); 95 % quantile of T with 3 degrees of freedom.
    error, t = math.sqrt(0.1 / 12), 2.3533634348018264

    found = reproduced(result, 0.68, 0.3)

    assert found.difference == pytest.approx(0.02)
    assert found.low == pytest.approx(0.02 - t * error)
    assert found.high == pytest.approx(0.02 + t * error)
    x = (0.3 - 0.02) / error / math.sqrt(3)
    assert found.p_value == pytest.approx(
        1 / 2 - (math.atan(x) + x / (1 + x * x)) / math.pi, rel=1e-9
    )
    assert found.verdict == "reproduced"


def test_a_published_half_width_counts_as_a_normal_standard_error(make_result):
    result = make_result(0.8, n_episodes=600)
    own = result.accuracies.std(ddof=1) / math.sqrt(600)

    found = reproduced(result, 0.8, 0.02, published_half_width=1.96 * own)
    alone = reproduced(result, 0.8, 0.02)

    # Welch and Satterthwaite: 599 * (2 own^2)^2 / own^4 degrees of freedom.
    half = stats.t.ppf(0.95, 599 * 4) * math.sqrt(2) * own
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-9)
    assert found.difference == alone.difference
    assert found.p_value > alone.p_value


@given(
    published=st.floats(0.3, 1), margin=st.floats(0.001, 0.5), level=st.floats(0.6, 0.99),
    half_width=st.none() | st.floats(0, 0.1),
)  # fmt: skip
def test_the_verdict_is_what_the_interval_shows(
    make_result, published, margin, level, half_width
):
    found = reproduced(make_result(0.8), published, margin, level, half_width)

    if found.verdict == "reproduced":
        assert -margin <= found.low + 1e-9
        assert found.high - 1e-9 <= margin
        assert found.p_value <= 1 - level
    elif found.verdict == "not reproduced":
        assert found.low > margin or found.high < -margin
        assert found.p_value > 0.5
    else:
        border = min(abs(found.low - side) for side in (margin, -margin))
        inside = found.low <= margin <= found.high or found.low <= -margin <= found.high
        assert inside or border < 1e-9


def test_at_the_border_of_the_margin_the_risk_is_what_it_says(make_result):
    # The true accuracy is 1 point below the published one, with a margin of 1 point.
    rng = np.random.default_rng(1)
    runs = rng.binomial(10, 0.8, (2000, 50))
    verdicts = [
        reproduced(with_correct(make_result, run), 0.81, 0.01).verdict for run in runs
    ]
    wide = [
        reproduced(with_correct(make_result, run), 0.9, 0.1).verdict for run in runs
    ]

    # Too few episodes for a margin this narrow: never claimed, never denied more than 5 %.
    assert verdicts.count("reproduced") == 0
    # Four standard errors of 5 % over 2,000 runs are 2 points.
    assert verdicts.count("not reproduced") / 2000 < 0.07
    assert wide.count("reproduced") / 2000 == pytest.approx(0.05, abs=0.02)
    assert wide.count("not reproduced") / 2000 == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("published", "margin", "half_width", "complaint"),
    [
        (98.8, 0.01, None, "published mean.*Divide percentages"),
        (0.988, 1.0, None, "margin.*Divide percentages"),
        (0.988, 0, None, "margin"),
        (0.988, float("nan"), None, "margin"),
        (0.988, 0.01, 0.0 - 1, "half-width"),
        (0.988, 0.01, 2, "half-width.*Divide percentages"),
    ],
)
def test_percentages_are_refused_where_fractions_belong(
    make_result, published, margin, half_width, complaint
):
    with pytest.raises(ResultError, match=complaint):
        reproduced(make_result(), published, margin, published_half_width=half_width)


def test_all_pairs_of_many_results_take_seconds(make_result):
    results = [make_result(0.8, k, n_episodes=2000) for k in range(40)]

    started = time.process_time()
    found = compare_all(results)

    assert len(found) == 780
    assert time.process_time() - started < 2


def test_perfect_episodes_reproduce_only_what_they_are_many_enough_for(make_result):
    def verdict(n, published, half_width=None):
        found = reproduced(
            with_correct(make_result, [10] * n), published, 0.01, 0.95, half_width
        )
        if found.verdict == "reproduced":
            assert found.low >= -0.01
            assert found.high <= 0.01
            assert found.p_value <= 0.05
        assert found.difference == pytest.approx(1 - published)
        return found.verdict

    assert verdict(2, 0.999) == "undecided"
    assert verdict(2000, 0.999) == "reproduced"
    assert verdict(2000, 0.999, 0.012) == "undecided"
    assert verdict(2000, 0.9) == "not reproduced"
    assert verdict(2000, 0.9, 0.2) == "undecided"


def test_a_difference_in_few_episodes_is_left_to_bets(make_result):
    a = with_correct(make_result, [8] * 300)
    few, many = (with_correct(make_result, [7] * n + [8] * (300 - n)) for n in (5, 12))

    assert compare(a, few).interval.kind == "little-spread"
    assert compare(a, few).p_value > 0.5 > compare(a, many).p_value
    assert compare(a, many).interval.kind == "paired-t"


def test_what_stopped_when_it_suited_is_judged_by_bets(make_result):
    fixed = make_result(0.8, 3, n_episodes=400)
    stopped, other = (
        make_result(p, k, n_episodes=400, interval="anytime")
        for p, k in ((0.8, 3), (0.75, 4))
    )

    pair = compare(stopped, other)
    assert pair.interval.kind == "paired-anytime"
    assert pair.interval.half_width > compare(fixed, other).interval.half_width * 0.99
    assert pair.p_value > compare(fixed, make_result(0.75, 4, n_episodes=400)).p_value
    wide, narrow = reproduced(stopped, 0.8, 0.05), reproduced(fixed, 0.8, 0.05)
    assert wide.low < narrow.low < narrow.high < wide.high

import dataclasses
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.records import ResultError
from fewbench.reports.stats.comparisons import (
    compare,
    compare_all,
    holm,
    tied_with_best,
)
from fewbench.reports.stats.little_spread import little_spread
from fewbench_tests.made_results import with_correct


def test_paired_t_agrees_with_a_hand_calculation(make_result):
    a = with_correct(make_result, [7, 9, 6, 8])
    b = with_correct(make_result, [6, 8, 6, 5])
    # Differences 0.1 0.1 0 0.3: mean 0.125, squared deviations sum to 0.0475, over 3.
    error = math.sqrt(0.0475 / 3 / 4)
    t = 3.1824463052837091  # 97.5 % with 3 degrees of freedom

    found = compare(a, b)

    assert found.interval is not None
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
    assert (found.interval is None) == all(x == y for x, y in pairs)
    if found.interval is None:
        return
    assert found.interval.low <= found.difference <= found.interval.high
    if not little_spread(np.array([x - y for x, y in pairs])):
        expected = stats.ttest_rel(a.correct, b.correct)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
        limits = expected.confidence_interval(0.95)
        assert 10 * found.interval.high == pytest.approx(
            limits.high, rel=1e-6, abs=1e-9
        )


def test_equal_predictions_are_equal_and_need_no_interval(make_result):
    result = make_result(0.5, n_episodes=300)
    other = make_result(0.5, n_episodes=300, learner="again", device="cuda")
    found = compare(result, other)

    assert found.equal
    assert (found.interval, found.bootstrap) == (None, None)
    assert (found.difference, found.p_value, found.superiority) == (0, 1, 0.5)
    assert str(found) == "0 of 22,500 predictions differ"


def test_equal_accuracies_with_other_predictions_still_have_an_interval(make_result):
    result = make_result(0.5, n_episodes=300)
    predictions = result.predictions.copy()
    (wrong,) = np.flatnonzero(predictions[7] != np.arange(75) // 15)[:1]
    labels = {0, 1, 2, 3, 4} - {int(predictions[7, wrong]), int(wrong) // 15}
    predictions[7, wrong] = min(labels)
    other = dataclasses.replace(result, predictions=predictions)
    found = compare(result, other)

    assert (found.difference, found.churn.n_changed, found.equal) == (0, 1, False)
    assert found.interval is not None
    assert (found.interval.kind, found.bootstrap) == ("little-spread", None)
    assert 0 < found.interval.half_width < 0.05
    assert found.interval.low == pytest.approx(-found.interval.high, abs=1e-8)


def test_equal_predictions_with_other_probabilities_say_so(make_result):
    def with_sum(value):
        table = np.zeros((100, 3))
        result = make_result(0.9)
        table[70] = [3000, result.correct.sum(), value]
        return make_result(0.9, calibration=table)

    assert str(compare(with_sum(2100), with_sum(2130))).endswith(
        "0 of 3,000 predictions differ; the probabilities differ"
    )
    assert str(compare(with_sum(2100), with_sum(2100))).endswith("predictions differ")
    assert str(compare(with_sum(2100), make_result(0.9))).endswith("predictions differ")


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
    with pytest.raises(ResultError, match="at least 2 results, got 1"):
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
    expected = f"expected {field} {getattr(a.protocol, field)} for both, got {value}"

    with pytest.raises(ResultError, match=expected):
        compare(a, b)


@pytest.mark.parametrize("field", ["data_fingerprint", "episodes_fingerprint"])
def test_results_on_other_images_are_refused_by_fingerprint(make_result, field):
    with pytest.raises(ResultError, match=f"expected {field} .*-1 for both, got other"):
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


def test_all_pairs_of_many_results_take_seconds(make_result):
    results = [make_result(0.8, k, n_episodes=2000) for k in range(40)]

    started = time.process_time()
    found = compare_all(results)

    assert len(found) == 780
    assert time.process_time() - started < 2

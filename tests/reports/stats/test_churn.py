import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.reports.stats.churn import churn, percent
from fewbench_tests.made_results import build_result


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), share=st.floats(0.05, 1))
def test_every_changed_prediction_is_counted_once(seed: int, share: float) -> None:
    a = build_result(share, seed, n_episodes=3)
    b = build_result(0.6, seed + 1, n_episodes=3)
    found = churn(a, b)

    differ = [
        x != y for x, y in zip(a.predictions.flat, b.predictions.flat, strict=True)
    ]
    truth = np.tile(np.arange(75) // 15, 3)
    right = [p == t for p, t in zip(a.predictions.flat, truth, strict=True)]
    lost = [changed and was for changed, was in zip(differ, right, strict=True)]
    assert (found.n, found.n_changed) == (225, sum(differ))
    assert found.right_to_wrong == sum(lost)
    gained = int(b.correct.sum()) - int(a.correct.sum())
    assert found.wrong_to_right - found.right_to_wrong == gained
    assert found.both_wrong >= 0
    back = churn(b, a)
    assert back.wrong_to_right == found.right_to_wrong


def test_a_small_share_is_not_printed_as_none() -> None:
    a = build_result(1.0, n_episodes=1000)
    predictions = a.predictions.copy()
    predictions[0, 0] = 1
    correct = a.correct.copy()
    correct[0] -= 1
    b = build_result(1.0, n_episodes=1000, predictions=predictions, correct=correct)
    assert percent(churn(a, b)) == "< 0.01 %"
    assert percent(churn(a, a)) == "0.00 %"
    assert str(churn(a, b)) == (
        "1 of 75,000 predictions differ (< 0.01 %): 1 right to wrong, 0 wrong to right, "
        "0 wrong in both"
    )

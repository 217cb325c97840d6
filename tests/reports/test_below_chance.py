import pytest

from fewbench.reports.below_chance import below_chance_note
from fewbench_tests.made_results import build_result


@pytest.mark.parametrize("accuracy", [0.0, 0.07, 0.16])
def test_far_below_guessing_gets_a_note(accuracy: float) -> None:
    result = build_result(accuracy, n_episodes=200)
    note = below_chance_note(result)
    assert note is not None
    assert f"{100 * result.mean:.2f} % is far below" in note
    assert "guessing, 20.00 %" in note
    assert "return minus the distance" in note


@pytest.mark.parametrize("accuracy", [0.19, 0.2, 0.9])
def test_at_guessing_or_above_gets_none(accuracy: float) -> None:
    assert below_chance_note(build_result(accuracy, n_episodes=2000)) is None


def test_few_queries_prove_nothing() -> None:
    for seed in range(20):
        result = build_result(0.2, seed, n_episodes=1, n_query=1)
        assert below_chance_note(result) is None
    assert below_chance_note(build_result(0.0, n_episodes=1)) is not None

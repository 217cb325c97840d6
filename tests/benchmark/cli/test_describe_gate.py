import pytest

from fewbench.benchmark.cli.describe_gate import gate_document, gate_text
from fewbench.reports.stats.non_inferiority import Limits, NonInferiority


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            (-0.002, 0.001),
            "pass: the first is not worse than the second by 1 points or",
        ),
        (
            (-0.02, -0.015),
            "fail: the first is worse than the second by more than 1 points",
        ),
        ((-0.02, 0.001), "undecided: the first may or may not be worse"),
    ],
)
def test_each_outcome_is_a_sentence(limits: tuple[float, float], words: str) -> None:
    low, high = limits
    gate = NonInferiority((low + high) / 2, low, high, 600, Limits(0.01, 0.01))
    assert gate_text(gate).startswith(words)
    assert f"[{100 * low:+.2f}, {100 * high:+.2f}], one-sided limits" in gate_text(gate)


def test_two_sides_and_json() -> None:
    gate = NonInferiority(0.02, 0.015, 0.025, 600, Limits(0.01, 0.01, two_sided=True))
    assert gate_text(gate).startswith("fail: the first and the second differ by more")
    found = gate_document(gate)
    assert found is not None
    assert (found["outcome"], found["low"]) == ("fail", 0.015)
    assert gate_document(None) is None

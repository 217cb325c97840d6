from dataclasses import replace

import pytest

from fewbench.baselines.evaluation.tolerances import tolerance_of
from fewbench.baselines.metric.centroid import Centroid


@pytest.mark.parametrize(
    ("device", "precision", "tolerance"),
    [
        ("cpu", "fp32", 1e-3),
        ("cpu", "fp64", 1e-3),
        ("other", "other", 1e-3),
        ("cpu", "fp16", 2e-2),
        ("cpu", "bf16", 1e-1),
        ("cuda", "fp32", 1e-2),
        ("cuda", "bf16", 1e-1),
    ],
)
def test_fewer_digits_allow_larger_changes(
    device: str, precision: str, tolerance: float
) -> None:
    learner = Centroid()
    learner.card = replace(learner.card, device=device, precision=precision)
    assert tolerance_of(learner) == tolerance

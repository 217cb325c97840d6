import pytest
from pydantic import ValidationError

from fewbench.baselines.gradient.maml_settings import MAMLSettings, step_weights


def test_the_weights_of_the_losses_go_from_equal_to_the_last_alone() -> None:
    settings = MAMLSettings(inner_steps=4, multi_step_loss_steps=100)
    assert step_weights(settings, 0) == pytest.approx((0.25,) * 4)
    half = step_weights(settings, 50)
    assert half == pytest.approx((0.125, 0.125, 0.125, 0.625))
    assert step_weights(settings, 100) is None
    assert step_weights(MAMLSettings(), 0) is None


@pytest.mark.parametrize(
    "wrong", [{"inner_lr": 0}, {"statistics": "all"}, {"tasks_per_chunk": 0}, {"x": 1}]
)
def test_wrong_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        MAMLSettings(**wrong)

import pytest
from pydantic import TypeAdapter, ValidationError

from fewbench.baselines.config import TrainConfig
from fewbench.baselines.recipe_faults import fault_text

KEYS = ["lr", "steps", "width"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"stepz": 1},
            "stepz: expected a key of a recipe, got another one. Did you mean 'steps'?",
        ),
        ({"qqqq": 1}, "qqqq: expected a key of a recipe, got another one"),
        ({"lr": "x"}, "lr: expected a number, got 'x'"),
        ({}, "lr is missing"),
    ],
)
def test_each_fault_names_its_key(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(TrainConfig).validate_python(values)
    texts = [fault_text(fault, KEYS) for fault in caught.value.errors()]
    assert said in texts

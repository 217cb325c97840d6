import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.settings import parse_settings


def test_values_are_toml_or_words() -> None:
    texts = [
        "lr=5e-4",
        "rotations=false",
        "backend=higher",
        'dataset="glyphs"',
        "a.b=1",
    ]
    assert parse_settings(texts) == {
        "lr": 5e-4,
        "rotations": False,
        "backend": "higher",
        "dataset": "glyphs",
        "a.b": 1,
    }
    assert parse_settings([]) == {}


def test_only_allowed_keys_can_be_set() -> None:
    assert parse_settings(["a=1"], ("a", "b")) == {"a": 1}
    with pytest.raises(
        BaselineError, match="--set c=...: cannot change c.*one of a, b"
    ):
        parse_settings(["c=1"], ("a", "b"))
    with pytest.raises(BaselineError, match="expected key=value, got no '='"):
        parse_settings(["lr"])

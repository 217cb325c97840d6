import pytest
from pydantic import TypeAdapter, ValidationError

from fewbench.reports.origin import Pixels, Pretraining, Segment, Weights


def test_what_nobody_said_is_none() -> None:
    assert Pretraining("none").saw_test_classes is None
    assert Pixels(84, 84, 3).jpeg_generations is None
    assert Weights("https://example.org/w.pt").sha256 is None


def test_a_later_fewbench_may_say_more() -> None:
    found = TypeAdapter(Segment).validate_json('{"start": 0, "end": 4, "later": 1}')
    assert found == Segment(0, 4)


@pytest.mark.parametrize("sha256", ["", "ABC", "g" * 64])
def test_a_hash_is_a_hash(sha256: str) -> None:
    with pytest.raises(ValidationError):
        Weights("mine", sha256)

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fewbench.benchmark.submission.rerun_record import Rerun

RERUN: dict[str, Any] = {
    "file": "results/a.json", "n_predictions": 100, "n_differ": 1, "n_lost": 1,
    "n_gained": 0, "fresh_seed": 7, "n_fresh": 600, "fresh_mean": 0.9, "low": -0.01,
    "high": 0.02, "level": 0.999, "has_passed": True, "reason": "one differs",
}  # fmt: skip


def test_a_record_is_read_as_it_was_written() -> None:
    adapter = TypeAdapter(Rerun)
    record = Rerun(**RERUN)
    assert adapter.validate_json(adapter.dump_json(record)) == record


@pytest.mark.parametrize(
    "changes",
    [
        {"fresh_mean": 1.1},
        {"n_differ": -1},
        {"fresh_seed": 2**64},
        {"low": float("nan")},
        {"has_passed": "yes"},
    ],
)
def test_what_cannot_be_is_refused(changes) -> None:
    with pytest.raises(ValidationError):
        Rerun(**(RERUN | changes))

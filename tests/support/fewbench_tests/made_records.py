"""Records of checks, for tests that measure nothing."""

from typing import Any

from fewbench.benchmark.guard.pytest_plugin.record import Record
from fewbench.benchmark.guard.verdict import Outcome, Verdict


def made_record(outcome: Outcome | None = "pass", **changes: Any) -> Record:
    """Return the record of a check with this outcome; None for one without a verdict."""
    verdict = None
    if outcome is not None:
        verdict = Verdict(
            outcome, "no worse", "no drop", difference=-0.01, by_test=True
        )
    fields: dict[str, Any] = {
        "test": "tests/test_models.py::test_mine",
        "file": "/home/tests/test_models.py",
        "line": 7,
        "folder": "/home/tests/accuracy/reference",
        "name": "test_models.py::test_mine",
        "protocol": "glyphs-5w1s-val-600ep",
        "split": "val",
        "done": "compared",
        "passed": outcome in ("pass", "improved", "undecided"),
        "reason": "no drop",
        "alpha": 0.025,
        "accuracy": 0.53,
        "reference": 0.54,
        "verdict": verdict,
    }
    return Record(**{**fields, **changes})

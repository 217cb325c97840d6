import datetime

import pytest

from fewbench.benchmark.guard.history import Night
from fewbench.benchmark.guard.look_back import look_back
from fewbench.benchmark.guard.trend import trend_of
from fewbench.reports.records import ResultError
from fewbench_tests.guarded import runs, store


def test_the_nights_of_a_reference_are_in_order(tmp_path) -> None:
    stored = store(tmp_path, *runs(3))

    def night(
        day: int, accuracy: float, sha256: str = stored.sha256, seed: int = 1
    ) -> Night:
        return Night(
            date=f"2026-11-{day}",
            name=stored.reference.key.name,
            protocol="glyphs-5w1s",
            reference_sha256=sha256,
            accuracy=accuracy,
            train_seed=seed,
            outcome="pass",
        )

    nights = [
        night(27, 0.7),
        night(26, 0.8),
        night(27, 0.6),
        night(27, 0.75, seed=2),
        night(28, 0.9, "other"),
    ]

    found = trend_of(nights, stored, alpha=0.01)

    assert found.name == "test_models.py::test_mine on glyphs-5w1s"
    assert [date.day for date in found.dates] == [26, 27, 27]
    assert (found.accuracies, found.alpha) == ([0.8, 0.6, 0.75], 0.01)
    past = look_back(nights, stored, datetime.date(2026, 11, 28))
    assert past.earlier == found.accuracies
    assert found.reference == stored.reference.accuracies
    with pytest.raises(ResultError, match="Run a night first"):
        trend_of([], stored)

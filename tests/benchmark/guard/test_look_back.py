import datetime
from typing import Any

import pytest

from fewbench.benchmark.guard.history import Night
from fewbench.benchmark.guard.look_back import LookBack, counted_runs, look_back
from fewbench.errors import UserError
from fewbench_tests.guarded import runs, store


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return store(tmp_path_factory.mktemp("look_back"), *runs(3))


@pytest.fixture
def night(stored):
    def made(day: int, accuracy: float, seed: int = 7, **changes: Any) -> Night:
        fields = {
            "date": f"2026-11-{day}",
            "name": stored.reference.key.name,
            "protocol": stored.reference.key.protocol,
            "reference_sha256": stored.sha256,
            "accuracy": accuracy,
            "train_seed": seed,
            "outcome": "pass",
        }
        return Night(**{**fields, **changes})

    return made


def day(number: int) -> datetime.date:
    return datetime.date(2026, 11, number)


def test_all_runs_of_earlier_dates_count_in_order(stored, night) -> None:
    nights = [
        night(22, 0.2),
        night(22, 0.3, 8),
        night(21, 0.1),
        night(23, 0.9, reference_sha256="another"),
        night(23, 0.9, name="another"),
        night(23, 0.9, protocol="another"),
    ]

    assert look_back(nights, stored, day(26)) == LookBack([0.1, 0.2, 0.3], {})


@pytest.mark.parametrize("accuracies", [(0.2, 0.9), (0.9, 0.2)])
def test_of_a_repeated_date_the_lower_accuracy_of_each_seed_counts(
    stored, night, accuracies
) -> None:
    nights = [night(22, one) for one in accuracies] + [night(22, 0.5, 8)]

    assert look_back(nights, stored, day(22)).tonight == {7: 0.2, 8: 0.5}
    assert look_back(nights, stored, day(23)).earlier == [0.2, 0.5]
    assert [run.accuracy for run in counted_runs(nights, stored)] == [0.2, 0.5]


def test_the_worst_outcome_of_a_date_is_remembered(stored, night) -> None:
    nights = [
        night(25, 0.2, outcome="fail"),
        night(26, 0.2, outcome="undecided"),
        night(26, 0.2, outcome="improved"),
    ]

    assert look_back(nights, stored, day(26)).outcome == "undecided"
    assert look_back(nights, stored, day(27)).outcome == "pass"


def test_a_date_before_the_newest_night_is_refused(stored, night) -> None:
    nights = [night(24, 0.1), night(25, 0.1), night(27, 0.1, name="another")]

    with pytest.raises(UserError, match="Type --accuracy-date=2026-11-25 or a later"):
        look_back(nights, stored, day(24))
    assert look_back(nights, stored, day(25)).earlier == [0.1]

import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.benchmark.guard.history import (
    LookBack,
    Night,
    append_nights,
    look_back,
    read_nights,
)
from fewbench.errors import UserError

NIGHT = Night(
    date="2026-11-26",
    name="test_models.py::test_mine",
    protocol="glyphs-5w1s",
    reference_sha256="ab" * 32,
    accuracy=0.5,
    train_seed=7,
    outcome="pass",
    commit="abc1234",
)
# Names and reasons are shown, so they are printable.
ONE_LINE = st.text(max_size=64).filter(str.isprintable)


@settings(max_examples=30)
@given(
    nights=st.lists(
        st.builds(
            Night,
            date=st.dates().map(str),
            name=ONE_LINE,
            protocol=ONE_LINE,
            reference_sha256=ONE_LINE,
            accuracy=st.floats(0, 1),
            train_seed=st.integers(0, 2**31),
            outcome=st.sampled_from(["pass", "improved", "undecided", "fail"]),
            commit=ONE_LINE,
        ),
        max_size=4,
    )
)
def test_nights_are_read_as_they_were_written(tmp_path_factory, nights) -> None:
    path = tmp_path_factory.mktemp("nights") / "nights.jsonl"
    append_nights(path, nights[:2])
    append_nights(path, nights[2:])

    assert read_nights(path) == nights


def test_no_file_is_no_night(tmp_path: Path) -> None:
    assert read_nights(tmp_path / "nights.jsonl") == []


def test_a_missing_line_end_is_added(tmp_path: Path) -> None:
    path = tmp_path / "nights.jsonl"
    append_nights(path, [NIGHT])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    append_nights(path, [NIGHT])

    assert read_nights(path) == [NIGHT, NIGHT]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"date": "2026-11-26", "na', "line 2: cannot read a night"),
        ("<<<<<<< HEAD", "Delete this line"),
        ("[1]", "line 2"),
        ('{"schema_version": 2}', "pip install --upgrade fewbench"),
        ('{"schema_version": 1}', "date is missing"),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_added(tmp_path, line, words) -> None:
    path = tmp_path / "nights.jsonl"
    append_nights(path, [NIGHT])
    with path.open("a") as file:
        file.write(line)
    before = path.read_bytes()

    with pytest.raises(UserError, match=words):
        read_nights(path)
    with pytest.raises(UserError, match=words):
        append_nights(path, [NIGHT])
    assert path.read_bytes() == before


def _append(path: Path, seed: int) -> None:
    for _ in range(5):
        append_nights(path, [replace(NIGHT, train_seed=seed)])


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "nights.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_append, args=(path, k)) for k in (1, 2)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()

    assert sorted(night.train_seed for night in read_nights(path)) == [1] * 5 + [2] * 5


def night(day: int, accuracy: float, **changes: Any) -> Night:
    dated = replace(NIGHT, date=f"2026-11-{day}", accuracy=accuracy)
    return replace(dated, **changes)


def seen_from(date: str, nights: list[Night]) -> LookBack:
    return look_back(nights, NIGHT.name, NIGHT.protocol, NIGHT.reference_sha256, date)


OF_OTHERS = [
    night(27, 0.9, reference_sha256="another"),
    night(27, 0.9, name="another"),
    night(27, 0.9, protocol="another"),
]


def test_only_the_first_look_of_earlier_dates_counts() -> None:
    nights = [night(22, 0.2), night(21, 0.1), night(22, 0.9), *OF_OTHERS]

    assert seen_from("2026-11-26", nights) == LookBack([0.1, 0.2], {})


def test_a_repeated_date_gives_its_first_accuracy_of_each_seed() -> None:
    nights = [
        night(21, 0.1),
        night(26, 0.2),
        night(26, 0.3, train_seed=8),
        night(26, 0.9),
        night(26, 0.9, train_seed=8),
    ]

    assert seen_from("2026-11-26", nights) == LookBack([0.1], {7: 0.2, 8: 0.3})


def test_a_date_before_the_newest_night_is_refused() -> None:
    nights = [night(24, 0.1), night(25, 0.1), *OF_OTHERS]

    with pytest.raises(UserError, match="Type --accuracy-date=2026-11-25 or a later"):
        seen_from("2026-11-24", nights)
    assert seen_from("2026-11-25", nights).earlier == [0.1]

import multiprocessing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.benchmark.guard.history import Night, append_nights, read_nights
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
PRINTABLE = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
ONE_LINE = st.text(PRINTABLE, max_size=64)


@settings(max_examples=30)
@given(
    nights=st.lists(
        st.builds(
            Night,
            date=st.dates(date(2000, 1, 1), date(2999, 12, 31)).map(str),
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
        ('{"schema_version": 2}', "pip install --upgrade ."),
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


@pytest.mark.parametrize("date", ["2026-02-31", "9999-99-99", "9999-12-31", "20261126"])
def test_a_day_that_never_was_is_a_damaged_line(tmp_path: Path, date: str) -> None:
    path = tmp_path / "nights.jsonl"
    append_nights(path, [NIGHT])
    line = path.read_text().replace(NIGHT.date, date)
    path.write_text(line)

    with pytest.raises(UserError, match="line 1: cannot read a night") as caught:
        read_nights(path)

    assert f"(got '{date}')" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["", "file/nights.jsonl"])
def test_a_history_that_is_no_file_says_what_to_type(
    tmp_path: Path, place: str
) -> None:
    """It is a folder, or in a folder that is a file."""
    (tmp_path / "file").write_text("")
    path = tmp_path / place

    for use in (lambda: read_nights(path), lambda: append_nights(path, [NIGHT])):
        with pytest.raises(UserError, match="Type --accuracy-history with") as caught:
            use()
        assert str(caught.value).startswith(f"{path}: cannot ")
        assert "\n" not in str(caught.value)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]

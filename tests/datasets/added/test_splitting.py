from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.datasets.added.found import FoundClass
from fewbench.datasets.added.splitting import (
    check_splits,
    split_by_ratio,
    split_of_name,
)
from fewbench.datasets.info import DataError

IMAGES = {"1.png": "1.png", "2.png": "2.png"}


def classes(**splits: int) -> list[FoundClass]:
    found: list[FoundClass] = []
    for split, number in splits.items():
        for index in range(number):
            found.append(FoundClass(f"{split}{index}", IMAGES, split))
    return found


def test_names_have_the_splits_that_they_always_had() -> None:
    # Datasets of users depend on these.
    splits = [split_of_name(name) for name in ("cat", "dog", "F/A-18", "кіт", "cow")]
    assert splits == ["train", "test", "train", "train", "val"]


def test_about_60_20_20_percent() -> None:
    counts = Counter(split_of_name(f"class {i}") for i in range(10_000))
    assert counts["train"] == pytest.approx(6000, abs=200)
    assert counts["val"] == pytest.approx(2000, abs=160)


@given(st.sets(st.text(min_size=1), min_size=1), st.text(min_size=1))
def test_a_class_stays_when_others_come(names: set[str], other: str) -> None:
    before = {one.name: one.split for one in split_by_ratio(_named(names))}
    after = {one.name: one.split for one in split_by_ratio(_named(names | {other}))}
    assert before.items() <= after.items()


def _named(names: set[str]) -> list[FoundClass]:
    return [FoundClass(name, IMAGES) for name in sorted(names)]


def test_a_test_split_is_enough_unless_the_names_decide() -> None:
    check_splits("s", classes(test=2), "folder")
    check_splits("s", classes(train=2, val=2, test=2), "ratio")
    with pytest.raises(DataError, match="train 0, val 0, test 2.*--split-by csv"):
        check_splits("s", classes(test=2), "ratio")


def test_too_few_classes_or_images_are_refused_with_numbers() -> None:
    with pytest.raises(DataError, match="at least 2 in each split, got train 2, val 1"):
        check_splits("s", classes(train=2, val=1, test=2), "csv")
    with pytest.raises(DataError, match="test 0. Move classes"):
        check_splits("s", classes(train=2, val=2), "csv")
    small = [*classes(test=2), FoundClass("owl", {"1.png": "1.png"}, "test")]
    with pytest.raises(DataError, match="class owl: expected at least 2 .*got 1 image"):
        check_splits("s", small, "folder")


def test_a_class_without_a_split_is_refused() -> None:
    with pytest.raises(DataError, match="class owl: expected a split.*by ratio"):
        check_splits("s", [FoundClass("owl", IMAGES)], "csv")

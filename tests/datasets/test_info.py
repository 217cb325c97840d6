"""The records that describe a dataset."""

from collections import Counter

import numpy as np
import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.info import ClassImages, DataError, DatasetInfo, Listing, Source
from fewbench.errors import UserError


def test_the_classes_of_a_split_are_sorted_by_name() -> None:
    classes = [
        ClassImages(split, name, ("0",), lambda: np.zeros(1))
        for split, name in (("val", "b"), ("test", "c"), ("val", "a"))
    ]
    listing = Listing(tuple(classes))
    assert [one.name for one in listing.of("val")] == ["a", "b"]
    assert listing.of("train") == []


def test_only_a_dataset_without_sources_is_embedded() -> None:
    assert [name for name, info in BUILDERS.items() if info.embedded] == ["glyphs"]


def test_a_data_error_is_one_that_the_user_can_correct() -> None:
    assert issubclass(DataError, UserError)


def test_records_are_frozen() -> None:
    source = Source("a.zip")
    with pytest.raises(AttributeError):
        source.filename = "b.zip"  # pyright: ignore[reportAttributeAccessIssue]


def test_a_variant_knows_its_dataset_and_keeps_what_is_its_own() -> None:
    variants = [info for info in BUILDERS.values() if info.variant_of]
    assert len(variants) > 2
    for info in variants:
        original = BUILDERS[info.base]
        assert info.name.startswith(f"{original.name}-")
        assert original.base == original.name
        assert info.published_split == original.published_split
        assert info.recognise is original.recognise


@pytest.mark.parametrize("info", BUILDERS.values(), ids=BUILDERS.keys())
def test_a_class_list_has_the_classes_of_a_complete_build(info: DatasetInfo) -> None:
    if info.class_list is None:
        assert info.name == "glyphs"
        return
    counted = Counter(info.class_list().values())
    assert counted == {name: one.n_classes for name, one in info.splits.items()}

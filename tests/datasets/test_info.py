"""The records that describe a dataset."""

import numpy as np
import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.info import ClassImages, DataError, Listing, Source
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

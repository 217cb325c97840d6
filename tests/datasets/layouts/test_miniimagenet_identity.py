"""Files of miniImageNet, and files that are nearly miniImageNet."""

import numpy as np
import pytest

from fewbench.datasets.identity import Found, Identity
from fewbench.datasets.layouts.miniimagenet_identity import recognise_mini
from fewbench.datasets.miniimagenet import ravi_split


def cache_of(names: list[str], images: np.ndarray) -> Found:
    """A pickle with an array of images, and the rows of each class."""
    table = {"image_data": images, "class_dict": {name: [0] for name in names}}
    return Found("pickle", "my data", table)


def recognised(found: Found) -> Identity:
    identity = recognise_mini(found, ravi_split())
    assert identity is not None
    return identity


def test_class_names_decide_whether_images_are_miniimagenet() -> None:
    images = np.zeros((2, 84, 84, 3), np.uint8)
    names = list(ravi_split().numbers)[:3]
    known = recognised(cache_of(names, images))
    assert known.dataset == "miniimagenet"
    assert known.shape == "2 x 84 x 84 x 3"
    assert known.advice == "fewbench data build miniimagenet --source 'my data'"
    strange = recognised(cache_of([*names, "cat"], images))
    assert (strange.dataset, strange.layout) == ("", "mini-imagenet-cache pickle")
    assert "3 of 4 classes" in strange.what


def test_csvs_are_told_apart_by_their_first_line() -> None:
    ravi = recognised(Found("csv", "x", ["filename,label", "a.jpg,b"], stem="val"))
    assert (ravi.dataset, ravi.split) == ("miniimagenet", "val")
    vinyals = recognised(Found("csv", "x", ["filename,class", "a.jpg,b"]))
    assert vinyals.dataset == ""
    assert "Vinyals" in vinyals.what


@pytest.mark.parametrize(
    "found",
    [
        Found("pickle", "x", 7),
        Found("pickle", "x", {"data": np.zeros((2, 32, 32, 3)), "labels": [0, 0]}),
        Found("csv", "x", ["a,b"]),
        Found("npz", "x", {}),
        Found("images", "x", ["cat.png"]),
    ],
)
def test_something_else_is_not_claimed(found: Found) -> None:
    assert recognise_mini(found, ravi_split()) is None

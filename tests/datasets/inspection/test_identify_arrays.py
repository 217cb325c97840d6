"""HDF5 and .npz files that are nearly a known dataset."""

from pathlib import Path

import numpy as np

from fewbench.datasets.inspection.identify import identify
from fewbench.datasets.inspection.identify_arrays import identify_mini
from fewbench.datasets.miniimagenet import ravi_split


def test_class_names_decide_whether_images_are_miniimagenet() -> None:
    images = np.zeros((2, 84, 84, 3), np.uint8)
    names = list(ravi_split().numbers)[:3]
    known = identify_mini(names, "an array", images, "my data")
    assert known.dataset == "miniimagenet"
    assert known.shape == "2 x 84 x 84 x 3"
    assert known.advice == "fewbench data build miniimagenet --source 'my data'"
    strange = identify_mini([*names, "cat"], "an array", images, "my data")
    assert (strange.dataset, strange.layout) == ("", "an array")
    assert "3 of 4 classes" in strange.what


def test_npz_without_images_of_84_pixels_is_something_else(folder: Path) -> None:
    np.savez(folder / "a.npz", images=np.zeros((2, 32, 32, 3), np.uint8))
    np.savez(folder / "b.npz", other=np.zeros(3))
    found = identify(folder)
    assert {one.what for one in found.values()} == {"an npz of something else"}

"""Files that are nearly tieredImageNet, or hold what nobody expects."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.identity import Found
from fewbench.datasets.inspection.identify import identify
from fewbench.datasets.layouts.tieredimagenet_identity import recognise_tiered
from fewbench.datasets.tieredimagenet import ren_split


def identified(folder: Path, value: object, file_name: str = "data.pkl") -> str:
    (folder / file_name).write_bytes(pickle.dumps(value, 2))
    return identify(folder / file_name)[file_name].what


def test_labelled_images_of_another_size_are_another_dataset(folder: Path) -> None:
    images = np.zeros((5, 32, 32, 3), np.uint8)
    what = identified(folder, {"data": images, "labels": [0] * 5})
    assert "5 labelled images of shape (32, 32, 3)" in what
    assert "CIFAR-FS" in what


@pytest.mark.parametrize(
    "value",
    [
        {"data": [1, 2], "labels": [0]},
        {"image_data": [], "class_dict": 7},
        {"image_data": 1, "class_dict": {7: [0]}},
        {"label_specific_str": 3, "labels": []},
        [],
        ["text"],
        7,
    ],
)
def test_unexpected_values_are_an_answer_and_no_failure(
    folder: Path, value: object
) -> None:
    assert identified(folder, value)


def test_other_images_of_the_train_classes_are_named(folder: Path) -> None:
    images = np.zeros((5, 84, 84, 3), np.uint8)
    name = "miniImageNet_category_split_train_phase_val.pickle"
    what = identified(folder, {"data": images, "labels": [0] * 5}, name)
    assert "other images of the train classes, left out" in what


def test_npz_without_images_of_84_pixels_is_something_else(folder: Path) -> None:
    np.savez(folder / "a.npz", images=np.zeros((2, 32, 32, 3), np.uint8))
    np.savez(folder / "b.npz", other=np.zeros(3))
    found = identify(folder)
    assert {one.what for one in found.values()} == {"an npz of something else"}


def test_labels_beside_other_arrays_are_those_of_tieredimagenet() -> None:
    table = {"label_specific": [0], "label_specific_str": ["Cat", "goldfish"]}
    found = Found("pickle", "x", table, stem="val_labels")
    identity = recognise_tiered(found, ren_split())
    assert identity is not None
    assert identity.what == "tieredImageNet labels, 1 of 2 class names are known"
    assert (
        recognise_tiered(
            replace(found, content={"labels": [], "data": []}), ren_split()
        )
        is None
    )

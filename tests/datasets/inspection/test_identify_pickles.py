"""Pickles that are nearly a known dataset, or hold what nobody expects."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.inspection.identify import identify


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

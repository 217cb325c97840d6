"""What the answers of identify have in common."""

import numpy as np

from fewbench.datasets.identity import (
    advised_command,
    build_command,
    joined_splits,
    shape_of,
    split_in,
)


def test_command_is_quoted_for_a_shell() -> None:
    command = build_command("omniglot", "my data/it's here")
    assert command == (
        "fewbench data build omniglot --source 'my data/it'\"'\"'s here'"
    )


def test_splits_are_joined_once_each() -> None:
    assert joined_splits(["val", "train", "val"]) == "train+val"
    assert joined_splits([]) == ""


def test_split_is_found_in_a_file_name() -> None:
    assert split_in("val_images_png") == "val"
    assert split_in("images") == ""


def test_shape_is_told_of_arrays_alone() -> None:
    assert shape_of(np.zeros((2, 3))) == "2 x 3"
    assert shape_of(["no", "array"]) == ""


def test_a_command_for_incomplete_data_says_so() -> None:
    whole = advised_command("omniglot", "x", is_whole=True)
    assert whole == build_command("omniglot", "x")
    assert (
        advised_command("omniglot", "x", is_whole=False) == f"{whole} --allow-missing"
    )

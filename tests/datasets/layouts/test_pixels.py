"""The images of one class: checked, read, and brought to one channel order."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.layouts.pixels import (
    already_small,
    check_images,
    read_integers,
    read_records,
    read_rows,
)
from fewbench_tests import imagenet_archives as world
from fewbench_tests.row_arrays import Rows

TIERED = world.TIERED
SHAPE = (84, 84, 3)
IMAGES = np.random.default_rng(1).integers(0, 256, (3, *SHAPE), np.uint8)
PNGS = [np.frombuffer(world.png(image), np.uint8) for image in IMAGES]


def test_bgr_rows_become_rgb() -> None:
    rows = read_rows(Rows(IMAGES), np.array([2, 0]), bgr=True)
    np.testing.assert_array_equal(rows, IMAGES[[2, 0]][..., ::-1])
    assert rows.flags.c_contiguous
    np.testing.assert_array_equal(read_rows(Rows(IMAGES), np.array([1])), IMAGES[[1]])


@pytest.mark.parametrize(
    "array", [None, 7, Rows(IMAGES[:, ::2]), Rows(IMAGES.astype(float)), IMAGES[0]]
)
def test_other_arrays_than_images_are_refused(array: object) -> None:
    check_images("x", Rows(IMAGES), SHAPE)
    with pytest.raises(
        DataError, match=r"x: .*expected uint8 images of shape \(84, 84, 3\), got"
    ):
        check_images("x", array, SHAPE)


@pytest.mark.parametrize("value", [[3, -1, 2**62], (3, -1, 2**62)])
def test_whole_numbers_are_read(value: object) -> None:
    assert read_integers("x", value).tolist() == [3, -1, 2**62]


@pytest.mark.parametrize("value", [None, "12", [1.5], [True], [2**63], {1: 2}, 5])
def test_anything_but_whole_numbers_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="x: .*expected a list of whole numbers, got"):
        read_integers("x", value)


def test_pngs_are_decoded_in_order() -> None:
    np.testing.assert_array_equal(read_records("x", PNGS, SHAPE), IMAGES)


def test_a_record_that_is_no_small_png_is_refused() -> None:
    too_large = np.zeros(2**20 + 1, np.uint8)
    with pytest.raises(DataError, match="image 1: .*at most 1,048,576 bytes, got"):
        read_records("x", [PNGS[0], too_large], SHAPE)


@pytest.mark.parametrize("damage", ["size", "kind", "empty"])
def test_a_record_that_is_no_image_is_named(folder: Path, damage: str) -> None:
    world.write_tiered_pickles(folder, column=False)
    path = folder / "val_images_png.pkl"
    images = pickle.loads(path.read_bytes())
    wrong = {
        "size": world.png(np.zeros((80, 84, 3), np.uint8)),
        "kind": b"GIF89a" * 20,
        "empty": b"!",
    }
    images[5] = np.frombuffer(wrong[damage], np.uint8)
    path.write_bytes(pickle.dumps(images, 2))
    message = {
        "size": "expected 84 x 84 pixels, got 84 x 80",
        "kind": "expected a PNG, got b'GIF89a",
        "empty": "expected a PNG, got only 1 bytes",
    }
    with pytest.raises(
        DataError, match=f"val_images_png.pkl, image 5: .*{message[damage]}"
    ):
        build(TIERED, folder.parent / "root", Request(folder))


def test_files_are_small_when_every_one_has_the_size(folder: Path) -> None:
    (folder / "a.png").write_bytes(world.png(IMAGES[0]))
    (folder / "b.png").write_bytes(world.png(IMAGES[1][:80]))
    tree = open_tree(folder)
    assert already_small([(tree, "a.png")], SHAPE)
    assert not already_small([(tree, "a.png"), (tree, "b.png")], SHAPE)

"""The embedded default: what it holds, that it never changes, and how hard it is."""

import hashlib
from collections import Counter

import numpy as np
import pytest

from fewbench.datasets import glyphs
from fewbench.datasets.info import ClassImages

FILE_SHA256 = "@FILE@"
PIXELS_SHA256 = "@PIXELS@"
CLASSES = {"train": 291, "val": 56, "test": 116}


@pytest.fixture(scope="module")
def classes() -> tuple[ClassImages, ...]:
    return glyphs.INFO.list_classes(None).classes


@pytest.fixture(scope="module")
def pixels(classes) -> np.ndarray:
    """All drawings: uint8 (n_classes, 20, 28, 28)"""
    return np.stack([member.read() for member in classes])[..., 0]


def test_the_bytes_are_the_same_for_everyone(pixels):
    assert hashlib.sha256(glyphs._FILE.read_bytes()).hexdigest() == FILE_SHA256
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == PIXELS_SHA256
    assert glyphs._FILE.stat().st_size < 3_000_000


def test_counts_and_shapes_are_those_of_the_card(classes, pixels):
    assert Counter(member.split for member in classes) == CLASSES
    for split, counts in glyphs.INFO.splits.items():
        assert (counts.n_classes, counts.n_images) == (CLASSES[split], 20 * CLASSES[split])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (sum(CLASSES.values()), 20, 28, 28)
    assert classes[0].read().shape == (20, *glyphs.INFO.image_shape)
    assert {member.image_names for member in classes} == {tuple(f"{i:02d}" for i in range(20))}


def test_no_script_is_in_two_splits(classes):
    homes = {(member.name.partition("/")[0], member.split) for member in classes}
    assert len(homes) == len({script for script, _ in homes}) == 13


def test_names_are_sorted_unique_and_plain(classes):
    names = [member.name for member in classes]
    assert names == sorted(set(names))
    assert all(name.isascii() and "/U+" in name for name in names)


def test_every_drawing_has_ink_and_keeps_off_the_border(pixels):
    assert (pixels > 127).sum((2, 3)).min() >= 15
    assert pixels.max((2, 3)).min() == 255
    assert not pixels[:, :, [0, -1]].any()
    assert not pixels[:, :, :, [0, -1]].any()
    assert pixels.mean() < 64  # ink is bright, so a page is mostly dark


def test_no_drawing_occurs_twice(pixels):
    assert len(np.unique(pixels.reshape(-1, 28 * 28), axis=0)) == pixels.shape[0] * 20


def nearest_support_accuracy(images: np.ndarray, rng: np.random.Generator) -> float:
    """The share of 5-way 1-shot queries, 15 a class, whose nearest support image is right."""
    chosen = rng.choice(len(images), 5, replace=False)
    order = rng.permuted(np.tile(np.arange(20), (5, 1)), axis=1)[:, :16]
    episode = images[chosen[:, None], order]
    distances = ((episode[:, 1:, None] - episode[:, 0]) ** 2).sum(-1)
    return (distances.argmin(-1) == np.arange(5)[:, None]).mean()


def test_raw_pixels_find_it_neither_trivial_nor_hopeless(classes, pixels):
    test = np.array([member.split == "test" for member in classes])
    images = pixels[test].reshape(test.sum(), 20, -1) / np.float32(255)
    rng = np.random.default_rng(0)
    accuracy = np.mean([nearest_support_accuracy(images, rng) for _ in range(200)])
    assert 0.45 < accuracy < 0.52  # chance is 0.2, a conv4 ProtoNet reaches about 0.93

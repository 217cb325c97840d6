"""The filter that resized images is told from the originals."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.resample import resize
from fewbench.datasets.info import DataError
from fewbench.datasets.inspection.resampling import (
    original_pairs,
    resampling_family,
    sizes_of,
)
from fewbench.datasets.miniimagenet import ravi_split
from fewbench_tests import imagenet_archives as world
from fewbench_tests.photos import photo

MINI = list(world.RAVI.numbers)


@pytest.mark.parametrize(
    "name", ["bilinear", "lanczos", "cv2-linear", "cv2-cubic", "cv2-area"]
)
def test_the_filter_is_told_from_the_originals(folder: Path, name: str) -> None:
    originals, small = folder / "originals", folder / "small"
    originals.mkdir()
    small.mkdir()
    rng = np.random.default_rng(0)
    for wnid in MINI[:3]:
        coarse = Image.fromarray(rng.integers(0, 256, (60, 90, 3), dtype=np.uint8))
        picture = coarse.resize((500, 375), Image.Resampling.BICUBIC)
        image_name = ravi_split().names(wnid)[0]
        picture.save(originals / f"{image_name}.png")
        Image.fromarray(resize(picture, (84, 84), name)).save(
            small / f"{image_name}.png"
        )
    found = original_pairs(small, originals)
    assert (found.found_by, found.n_matched, len(found.pairs)) == ("name", 3, 3)
    family = resampling_family(found.pairs)
    assert next(iter(family)) == name
    assert next(iter(family.values())) < 0.01


def write_photos(folder: Path, n_images: int) -> Path:
    """Images of the first photos under the names of Ravi's CSVs, in a zip."""
    (folder / "small").mkdir()
    for seed in range(n_images):
        image_name = ravi_split().names(MINI[seed % 3])[seed]
        small = Image.fromarray(resize(photo(seed), (84, 84), "cv2-area"))
        small.save(folder / "small" / f"{image_name}.png")
    return world.pack(folder / "small", "small.zip")


def test_originals_of_other_names_are_found_by_content(folder: Path) -> None:
    small = write_photos(folder, 9)
    originals = folder / "originals"
    originals.mkdir()
    for seed in (1, 4, 77):
        photo(seed).save(originals / f"cat{seed}.png")
    found = original_pairs(small, originals)
    assert (found.found_by, found.n_matched, found.n_originals) == ("content", 2, 3)
    for (original, image), seed in zip(found.pairs, (1, 4), strict=True):
        np.testing.assert_array_equal(np.asarray(original), np.asarray(photo(seed)))
        expected = resize(photo(seed), (84, 84), "cv2-area")
        np.testing.assert_array_equal(image, expected)


def test_originals_without_an_image_are_refused(folder: Path) -> None:
    small = write_photos(folder, 3)
    other = folder / "other"
    other.mkdir()
    with pytest.raises(DataError, match="share no image, .*none for 0 originals"):
        original_pairs(small, other)
    photo(77).save(other / "cat.png")
    with pytest.raises(
        DataError, match=r"share no image, .*none for 1 originals, .* 0"
    ):
        original_pairs(small, other)


def test_originals_that_are_small_already_are_refused(folder: Path) -> None:
    small = write_photos(folder, 3)
    with pytest.raises(DataError, match="expected an original in full size, got 84 x"):
        original_pairs(small, small)


def test_the_sizes_of_all_images_are_told(folder: Path) -> None:
    for i, size in enumerate([(30, 20), (30, 20), (20, 30)]):
        Image.new("RGB", size).save(folder / f"{i}.png")
    with open_tree(folder) as tree:
        assert sizes_of(tree, ["0.png", "1.png"]) == "30 x 20"
        assert sizes_of(tree, ["0.png", "2.png"]) == ("30 x 20 (1), 20 x 30 (1)")
        assert sizes_of(tree, ["n01532829.tar"]) == ""

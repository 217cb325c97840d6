"""The filter that resized images is told from the originals."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.resample import resize
from fewbench.datasets.info import DataError
from fewbench.datasets.inspection.resampling import resampling_family, sizes_of
from fewbench.datasets.miniimagenet import ravi_split
from fewbench_tests import imagenet_archives as world

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
    family = resampling_family(small, originals)
    assert next(iter(family)) == name
    assert next(iter(family.values())) < 0.01


def test_originals_without_a_shared_name_are_refused(folder: Path) -> None:
    world.write_named_images(folder)
    other = folder.parent / "other"
    other.mkdir()
    (other / "cat.jpg").write_bytes(world.jpeg(MINI[0], 0))
    with pytest.raises(DataError, match="share no image by name"):
        resampling_family(folder, other)


def test_the_sizes_of_all_images_are_told(folder: Path) -> None:
    for i, size in enumerate([(30, 20), (30, 20), (20, 30)]):
        Image.new("RGB", size).save(folder / f"{i}.png")
    with open_tree(folder) as tree:
        assert sizes_of(tree, ["0.png", "1.png"]) == "30 x 20"
        assert sizes_of(tree, ["0.png", "2.png"]) == ("30 x 20 (1), 20 x 30 (1)")
        assert sizes_of(tree, ["n01532829.tar"]) == ""

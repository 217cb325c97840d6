"""identify tells every form apart, and says what it cannot tell."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.build import build
from fewbench.datasets.images.resample import resize
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.inspection.identify import identify
from fewbench.datasets.inspection.resampling import resampling_family
from fewbench.datasets.layouts.pixels import channel_order
from fewbench.datasets.miniimagenet import ravi_split
from fewbench_tests import imagenet_archives as world

MINI, TIERED = list(world.RAVI.numbers), list(world.REN.classes)


@pytest.mark.parametrize(
    ("write", "name", "expected"),
    [
        (
            world.write_cache,
            "mini-imagenet-cache-val.pkl",
            ("miniimagenet", "mini-imagenet-cache pickle", "val"),
        ),
        (
            world.write_category_split,
            "miniImageNet_category_split_test.pickle",
            ("miniimagenet", "category split pickle", "test"),
        ),
        (
            world.write_mini_groups,
            "train_data.hdf5",
            ("miniimagenet", "torchmeta HDF5", "train"),
        ),
        (
            world.write_named_images,
            "28 pictures or inner tars",
            ("miniimagenet", "named images", ""),
        ),
        (
            world.write_tiered_pickles,
            "val_images_png.pkl",
            ("tieredimagenet", "images_png pickle", "val"),
        ),
        (
            world.write_tiered_pickles,
            "test_labels.pkl",
            ("tieredimagenet", "labels pickle", "test"),
        ),
        (world.write_npz, "train_images.npz", ("tieredimagenet", "npz", "train")),
        (
            world.write_tiered_groups,
            "test_data.hdf5",
            ("tieredimagenet", "torchmeta HDF5", "test"),
        ),
        (
            partial(world.write_tar_of_tars, wnids=TIERED),
            "12 pictures or inner tars",
            ("tieredimagenet", "class folders or tars", ""),
        ),
        (
            partial(world.write_class_folders, wnids=TIERED),
            "108 pictures or inner tars",
            ("tieredimagenet", "class folders or tars", ""),
        ),
    ],
)
def test_every_form_is_known(
    folder: Path,
    write: Callable[[Path], Path],
    name: str,
    expected: tuple[str, str, str],
) -> None:
    found = identify(write(folder))[name]
    assert (found.dataset, found.form, found.split) == expected


def test_a_name_alone_is_not_believed(folder: Path) -> None:
    """Files under wrong names are told by what they hold."""
    world.write_cache(folder)
    (folder / "mini-imagenet-cache-test.pkl").rename(folder / "train_images_png.pkl")
    found = identify(folder)["train_images_png.pkl"]
    assert (found.form, found.split) == ("mini-imagenet-cache pickle", "test")
    (folder / "mini-imagenet-cache-val.pkl").rename(folder / "val")
    assert identify(folder / "val")["val"].split == "val"


def test_our_own_splits_are_known(folder: Path) -> None:
    root = folder.parent / "root"
    world.write_class_folders(folder, MINI)
    build(world.MINI, root, Request(folder))
    found = identify(root / "miniimagenet")
    assert sorted(found) == ["test.h5", "train.h5", "val.h5"]
    assert (found["val.h5"].form, found["val.h5"].split) == ("fewbench split", "val")
    assert found["val.h5"].what == "fewbench's own split of miniimagenet, build"


def test_the_other_class_list_is_named(folder: Path) -> None:
    (folder / "train.csv").write_text("filename,class\nn01532829_1.JPEG,n01532829\n")
    assert "Vinyals" in identify(folder)["train.csv"].what


def test_a_damaged_file_is_an_answer_and_no_failure(folder: Path) -> None:
    world.write_cache(folder)
    path = folder / "mini-imagenet-cache-val.pkl"
    path.write_bytes(path.read_bytes()[:5000])
    found = identify(folder)
    assert found[path.name].what.startswith("refused: ")
    assert found["mini-imagenet-cache-test.pkl"].split == "test"


def test_something_else_says_so(folder: Path) -> None:
    (folder / "a").write_bytes(b"hello")
    assert identify(folder / "a")["a"].what == "a file that starts with b'hello'"
    with pytest.raises(DataError, match="nothing"):
        identify(folder / "missing")


class Rows:
    """An array in memory that answers like one in a file."""

    def __init__(self, images: np.ndarray) -> None:
        self.images, self.shape, self.dtype = images, images.shape, images.dtype

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return self.images[indices]


def test_channel_order_is_told_by_the_means() -> None:
    rgb = np.zeros((7, 84, 84, 3), np.uint8) + np.array([120, 110, 100], np.uint8)
    assert channel_order(Rows(rgb)) == "RGB (channel means 120, 110, 100)"
    assert channel_order(Rows(rgb[..., ::-1])) == "BGR (channel means 100, 110, 120)"
    assert channel_order(Rows(rgb[..., :1].repeat(3, axis=3))) == ""


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

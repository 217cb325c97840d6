"""Builds of other sizes than the usual one: their names, their pixels, what is refused."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets import BUILDERS, miniimagenet
from fewbench.datasets.added.record import added_info
from fewbench.datasets.build import build
from fewbench.datasets.images.resample import resize
from fewbench.datasets.info import DataError, Request, SplitCounts
from fewbench.datasets.layouts.search import SMALL
from fewbench.datasets.root import open_split, verify
from fewbench.datasets.sizes import at_size, split_name, wanted_size
from fewbench_tests import imagenet_archives as world

MINI = world.MINI
WNIDS = list(world.RAVI.numbers)


@pytest.fixture
def originals(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ILSVRC2012's training set with images of 120 x 120 pixels."""
    monkeypatch.setattr(world, "jpeg", partial(world.jpeg, side=120))
    return world.write_class_folders(folder, WNIDS)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("miniimagenet@224", ("miniimagenet", 224)),
        ("miniimagenet-lanczos@96", ("miniimagenet-lanczos", 96)),
        ("miniimagenet", ("miniimagenet", None)),
        ("a@0224", ("a@0224", None)),
        ("a@", ("a@", None)),
        ("@9", ("@9", None)),
        ("a@9-5w1s", ("a@9-5w1s", None)),
    ],
)
def test_a_name_may_end_in_a_size(name: str, parts: tuple[str, int | None]) -> None:
    assert split_name(name) == parts


def test_a_name_and_an_option_ask_for_one_size() -> None:
    assert wanted_size("miniimagenet", None) is None
    assert wanted_size("miniimagenet", 224) == 224
    assert wanted_size("miniimagenet@224", None) == 224
    assert wanted_size("miniimagenet@224", 224) == 224
    with pytest.raises(DataError, match="Leave out --size 96, or .*: miniimagenet$"):
        wanted_size("miniimagenet@224", 96)


@pytest.mark.parametrize("name", [name for name in BUILDERS if name != "glyphs"])
def test_every_dataset_with_originals_can_have_another_size(name: str) -> None:
    info = BUILDERS[name]
    other = at_size(info, 96)
    assert other.name == f"{name}@96"
    assert other.image_shape == (96, 96, info.image_shape[2])
    assert " 96 px" in other.title
    assert other.title != info.title
    assert other.base == info.base
    assert other.resampling == info.resampling
    assert other.splits == info.splits
    assert not other.reference_sha256
    assert at_size(info, info.image_shape[0]) is info


@pytest.mark.parametrize(
    ("name", "side", "message"),
    [
        ("glyphs", 56, "expected a dataset with original images of other sizes"),
        ("omniglot", 106, r"8 to 105 \(the size of the original images\), got 106"),
        (
            "miniimagenet",
            7,
            "8 to 500 .*, got 7. .* data build miniimagenet --size 500",
        ),
    ],
)
def test_sizes_that_cannot_be_made_are_refused(
    name: str, side: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        at_size(BUILDERS[name], side)


def test_own_images_are_added_again_at_another_size() -> None:
    facts = {
        "title": "mine",
        "image_shape": (84, 84, 3),
        "split_scheme": "mine-by-ratio",
        "resampling": "lanczos",
    }
    info = added_info("mine", facts, {"test": SplitCounts(5, 80)})
    with pytest.raises(DataError, match="fewbench data add mine FOLDER --size 20"):
        at_size(info, 20)


def test_two_sizes_lie_beside_each_other(originals: Path) -> None:
    root = originals.parent / "root"
    large = at_size(MINI, 100)
    usual = build(MINI, root, Request(originals))
    built = build(large, root, Request(originals))
    assert built.folder == root / "miniimagenet@100"
    assert built.manifest["dataset"] == "miniimagenet@100"
    assert built.manifest["resampling"] == "cv2-linear"
    assert build(MINI, root).manifest == usual.manifest
    assert verify(large, root).keys() == MINI.splits.keys()
    small_store = open_split(MINI, root, "test")
    store = open_split(large, root, "test")
    assert store.class_names == small_store.class_names
    assert store.image_names == small_store.image_names
    wnid = store.class_names[0]
    original = Image.open(originals / "train" / wnid / world.file_names(wnid)[1])
    expected = resize(original.convert("RGB"), (100, 100), "cv2-linear")
    np.testing.assert_array_equal(store.read_class(0)[0], expected)


def test_a_filter_and_a_size_go_together(originals: Path) -> None:
    lanczos = replace(
        BUILDERS["miniimagenet-lanczos"],
        splits=MINI.splits,
        list_classes=partial(
            miniimagenet.list_classes, resampling="lanczos", ravi=world.RAVI
        ),
    )
    built = build(at_size(lanczos, 32), originals.parent / "root", Request(originals))
    assert built.folder.name == "miniimagenet-lanczos@32"
    assert built.manifest["resampling"] == "lanczos"


def test_enlarged_images_are_counted(originals: Path) -> None:
    for wnid in WNIDS:
        path = originals / "train" / wnid / world.file_names(wnid)[2]
        small = Image.open(path).resize((110, 90))
        small.save(path, "JPEG")
    root = originals.parent / "root"
    built = build(at_size(MINI, 100), root, Request(originals))
    made_from = built.manifest["splits"]["val"]["made_from"]
    assert made_from == (
        "8 image files of 120 x 120 (6), 110 x 90 (2) pixels. "
        "2 enlarged in height or width"
    )
    usual = build(MINI, root, Request(originals)).manifest
    assert "enlarged" not in usual["splits"]["val"]["made_from"]


@pytest.mark.parametrize("side", [64, 96])
def test_published_images_are_no_originals(folder: Path, side: int) -> None:
    world.write_named_images(folder)
    with pytest.raises(
        DataError,
        match=f"cannot make images of {side} x {side} pixels: expected the original "
        f"images, got others, such as one of 84 x 84 .*data build miniimagenet@{side} ",
    ):
        build(at_size(MINI, side), folder.parent / "root", Request(folder))


def test_small_images_are_not_enlarged(originals: Path) -> None:
    with pytest.raises(DataError, match="such as one of 120 x 120 pixels"):
        build(at_size(MINI, 240), originals.parent / "root", Request(originals))


@pytest.mark.parametrize("write", [world.write_cache, world.write_mini_groups])
def test_arrays_are_no_originals(folder: Path, write) -> None:
    write(folder)
    with pytest.raises(
        DataError,
        match="expected a known layout with original images of miniimagenet@96, found "
        "none.* data info miniimagenet@96",
    ):
        build(at_size(MINI, 96), folder.parent / "root", Request(folder))


def test_images_that_have_the_size_already_are_taken_as_they_are(
    originals: Path,
) -> None:
    root = originals.parent / "root"
    built = build(at_size(MINI, 120), root, Request(originals))
    assert built.manifest["resampling"] == SMALL
    lanczos = at_size(
        replace(
            BUILDERS["miniimagenet-lanczos"],
            list_classes=partial(
                miniimagenet.list_classes, resampling="lanczos", ravi=world.RAVI
            ),
        ),
        120,
    )
    with pytest.raises(DataError, match="already resized .*filter that is not known"):
        build(lanczos, root, Request(originals))


def test_tieredimagenet_has_other_sizes_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "jpeg", partial(world.jpeg, side=120))
    world.write_class_folders(folder, list(world.REN.classes))
    root = folder.parent / "root"
    built = build(at_size(world.TIERED, 100), root, Request(folder))
    assert built.manifest["resampling"] == "cv2-cubic"
    store = open_split(at_size(world.TIERED, 100), root, "val")
    assert store.image_shape == (100, 100, 3)

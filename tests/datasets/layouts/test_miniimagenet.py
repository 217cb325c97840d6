"""Every layout of miniImageNet builds the same dataset."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import open_split
from fewbench_tests import imagenet_archives as world

MINI, WNIDS = world.MINI, list(world.RAVI.numbers)
LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "cache, protocol 2": world.write_cache,
    "cache, bytes keys": partial(world.write_cache, as_bytes=True),
    "cache, protocol 4": partial(world.write_cache, protocol=4),
    "cache, protocol 5": partial(world.write_cache, protocol=5),
    "cache in tar.gz": lambda folder: world.pack(
        world.write_cache(folder), "mini.tar.gz"
    ),
    "cache in zip": lambda folder: world.pack(world.write_cache(folder), "mini.zip"),
    "category split": world.write_category_split,
    "category split without names": partial(world.write_category_split, stated=False),
    "torchmeta": world.write_mini_groups,
    "torchmeta in tar": lambda folder: world.pack(
        world.write_mini_groups(folder), "t.tar"
    ),
    "images and CSVs": world.write_named_images,
    "images in zip": lambda folder: world.pack(
        world.write_named_images(folder), "i.zip"
    ),
    "class folders": partial(world.write_class_folders, wnids=WNIDS),
    "class folders in tar.gz": lambda folder: world.pack(
        world.write_class_folders(folder, WNIDS), "c.tar.gz"
    ),
    "tar of tars": partial(world.write_tar_of_tars, wnids=WNIDS),
    "zips of the splits": lambda folder: world.pack_each(
        world.write_split_folders(folder), ".zip"
    ),
    "archives of the splits without their folders": lambda folder: world.pack_each(
        world.write_split_folders(folder), ".tar.gz", ".zip", ".tar", flat=True
    ),
    "a folder beside a tar and a zip": lambda folder: world.pack_each(
        world.write_split_folders(folder), "", ".tar", ".zip"
    ),
    "a zip for each cache": lambda folder: world.pack_each(
        world.write_cache(folder), ".zip", ".tar.gz"
    ),
    "a zip for each torchmeta file": lambda folder: world.pack_each(
        world.write_mini_groups(folder), ".zip"
    ),
    "a zip for each class": lambda folder: world.pack_each(
        world.write_class_folders(folder, WNIDS) / "train", ".zip", ".tar.gz", flat=True
    ),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    source = world.write_named_images(tmp_path_factory.mktemp("images"))
    built = build(MINI, tmp_path_factory.mktemp("root"), Request(source))
    return built.manifest["splits"]


@pytest.mark.parametrize("write", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_builds_the_same_content(
    folder: Path, expected: dict[str, Any], write: Callable[[Path], Path]
) -> None:
    root = folder.parent / "root"
    manifest = build(MINI, root, Request(write(folder))).manifest
    assert not manifest["partial"]
    for split, counts in expected.items():
        assert manifest["splits"][split]["content_sha256"] == counts["content_sha256"]
    store = open_split(MINI, root, "val")
    for c, (wnid, images) in enumerate(sorted(world.mini_arrays("val").items())):
        assert store.class_names[c] == wnid
        np.testing.assert_array_equal(store.read_class(c), images)
    assert store.image_names[0] == f"{store.class_names[0]}00000002"


@pytest.mark.parametrize(
    ("write", "layout", "check"),
    [
        (world.write_cache, "mini-imagenet-cache pickles", "image names are assumed"),
        (
            partial(world.write_category_split, stated=False),
            "miniImageNet_category_split pickles",
            "class names are assumed",
        ),
        (world.write_mini_groups, "torchmeta HDF5", "image names are assumed"),
        (
            world.write_named_images,
            "images named as in Ravi's CSVs",
            "not used",  # of the small dataset, the CSVs are not Ravi's
        ),
        (
            partial(world.write_class_folders, wnids=WNIDS),
            "ILSVRC2012 training set",
            "every image is the one that the split list names",
        ),
    ],
)
def test_a_listing_says_its_layout_and_what_was_assumed(
    folder: Path, write: Callable[[Path], Path], layout: str, check: str
) -> None:
    listing = MINI.list_classes(Request(write(folder)))
    assert listing.layout == layout
    assert any(check in one for one in listing.checks)
    assert {one.name for one in listing.classes} == set(WNIDS)


def test_the_same_image_in_two_archives_is_refused(folder: Path) -> None:
    source = world.pack_each(world.write_split_folders(folder), ".zip")
    copy = source / "val (1).zip"
    copy.write_bytes((source / "val.zip").read_bytes())
    with pytest.raises(DataError, match=r"one file of this name, got val \(1\)/val/"):
        MINI.list_classes(Request(source))
    copy.rename(source / "val.zip.part")
    assert MINI.list_classes(Request(source)).layout.startswith("images named")


def test_archives_beside_what_was_unpacked_from_them_change_nothing(
    folder: Path, expected: dict[str, Any]
) -> None:
    world.write_split_folders(folder)
    world.pack(folder, "all.zip").rename(folder / "all.zip")
    listing = MINI.list_classes(Request(folder))
    assert {one.name for one in listing.classes} == set(WNIDS)
    manifest = build(MINI, folder.parent / "root", Request(folder)).manifest
    for split, counts in expected.items():
        assert manifest["splits"][split]["content_sha256"] == counts["content_sha256"]


def test_an_interrupted_build_from_zips_resumes(
    folder: Path, expected: dict[str, Any]
) -> None:
    source = world.pack_each(world.write_split_folders(folder), ".zip")
    root = folder.parent / "root"

    def stop(stage: str, done: int, total: int, remark: str = "") -> None:
        if done > total / 2:
            raise KeyboardInterrupt(stage, remark)

    with pytest.raises(KeyboardInterrupt) as stopped:
        build(MINI, root, Request(source), progress=stop)
    assert "finished classes are kept" in stopped.value.__notes__[0]
    manifest = build(MINI, root, Request(source)).manifest
    for split, counts in expected.items():
        assert manifest["splits"][split]["content_sha256"] == counts["content_sha256"]

"""miniImageNet's images in ILSVRC2012's training set are found by number, and checked."""

from pathlib import Path

import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench_tests import imagenet_archives as world

MINI, WNIDS = world.MINI, list(world.RAVI.numbers)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_missing_or_extra_file_is_refused_with_class_and_counts(
    folder: Path, change: int
) -> None:
    world.write_class_folders(folder, WNIDS)
    class_folder = folder / "train" / WNIDS[2]
    if change < 0:
        next(class_folder.iterdir()).unlink()
    else:
        (class_folder / f"{WNIDS[2]}_50.JPEG").write_bytes(world.jpeg(WNIDS[2], 0))
    message = (
        f"class {WNIDS[2]}: expected 9 images as in ILSVRC2012, found {9 + change}"
    )
    with pytest.raises(DataError, match=message):
        build(MINI, folder.parent / "root", Request(folder))
    assert list((folder.parent / "root").glob("mini*")) == []


def test_a_renamed_file_is_found_by_the_mapping(folder: Path) -> None:
    world.write_class_folders(folder, WNIDS)
    class_folder = folder / "train" / WNIDS[0]
    before = class_folder / f"{WNIDS[0]}_12.JPEG"
    before.rename(class_folder / f"{WNIDS[0]}_13.JPEG")
    with pytest.raises(
        DataError,
        match="train: the files at the expected positions are not those .*found.: none",
    ):
        MINI.list_classes(Request(folder))


def test_a_missing_class_is_named(folder: Path) -> None:
    world.write_class_folders(folder, WNIDS[1:])
    with pytest.raises(DataError, match=f"class {WNIDS[0]} is missing"):
        MINI.list_classes(Request(folder))


def test_incomplete_data_gives_the_first_files_under_their_own_names(
    folder: Path,
) -> None:
    world.write_class_folders(folder, WNIDS[:2])
    listing = MINI.list_classes(Request(folder, allow_missing=True))
    assert listing.partial
    assert listing.checks[0].startswith("PARTIAL: the first files of each class")
    first = {one.name: one for one in listing.classes}[WNIDS[0]]
    in_order = [name.removesuffix(".JPEG") for name in world.file_names(WNIDS[0])]
    assert list(first.image_names) == in_order[: len(world.NUMBERS)]

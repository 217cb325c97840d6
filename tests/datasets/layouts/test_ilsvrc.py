"""ILSVRC2012's training set: where its classes are, and in which order their images count."""

from pathlib import Path

import pytest

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.layouts.ilsvrc import check_count, find_classes, read_counts
from fewbench_tests import imagenet_archives as world

MINI, WNIDS = world.MINI, list(world.RAVI.numbers)


def test_images_are_ordered_by_number_in_folders_and_tars(folder: Path) -> None:
    in_order = tuple(name.removesuffix(".JPEG") for name in world.file_names(WNIDS[0]))
    world.write_class_folders(folder, WNIDS[:2])
    found = find_classes(open_tree(folder), WNIDS)
    assert found.keys() == set(WNIDS[:2])
    assert found[WNIDS[0]].names == in_order
    tars = folder.parent / "tars"
    tars.mkdir()
    world.write_tar_of_tars(tars, WNIDS[:2])
    nested = find_classes(open_tree(tars / "ILSVRC2012_img_train.tar"), WNIDS[:1])
    assert nested.keys() == {WNIDS[0]}
    assert nested[WNIDS[0]].names == in_order


@pytest.mark.parametrize(
    "path",
    ["n02000001/a.JPEG", "x/y/n02000001/images/a_1.jpg", "n02000001/a b-(1)+.png"],
)
def test_class_folders_may_lie_anywhere(folder: Path, path: str) -> None:
    (folder / path).parent.mkdir(parents=True)
    (folder / path).write_bytes(b"x")
    found = find_classes(open_tree(folder), ["n02000001"])
    assert found["n02000001"].members == (path,)


@pytest.mark.parametrize(
    "path",
    ["n02000001/a.txt", "n02000001/a/b.jpg", "n02000002/a.jpg", "n02000001/é$.jpg"],
)
def test_other_files_are_no_images_of_the_class(folder: Path, path: str) -> None:
    (folder / path).parent.mkdir(parents=True)
    (folder / path).write_bytes(b"x")
    assert find_classes(open_tree(folder), ["n02000001"]) == {}


def test_a_class_in_two_folders_is_refused(folder: Path) -> None:
    world.write_class_folders(folder, WNIDS)
    (folder / "train").rename(folder / "a")
    world.write_class_folders(folder, WNIDS)
    (folder / "train").rename(folder / "b")
    with pytest.raises(DataError, match="lies in two folders, one of them is b"):
        MINI.list_classes(Request(folder))


def test_a_class_with_two_tars_is_refused(folder: Path) -> None:
    world.write_tar_of_tars(folder, WNIDS)
    more = (
        world.write_tar_of_tars(folder.parent, WNIDS[:1]) / "ILSVRC2012_img_train.tar"
    )
    more.rename(folder / "ILSVRC2012_img_train_t3.tar")
    with pytest.raises(DataError, match=r"two tars: ILSVRC2012_img_train/n\d{8}\.tar"):
        MINI.list_classes(Request(folder))


def test_validation_images_in_class_folders_are_left_alone(folder: Path) -> None:
    world.write_class_folders(folder, WNIDS)
    for wnid in WNIDS:
        (folder / "val" / wnid).mkdir(parents=True)
        (folder / "val" / wnid / "ILSVRC2012_val_00000293.JPEG").write_bytes(b"x")
    found = find_classes(open_tree(folder), WNIDS)
    for files in found.values():
        assert len(files.members) == world.PER_FOLDER
        assert all(member.startswith("train/") for member in files.members)


@pytest.mark.parametrize(
    ("n_images", "fewest", "most", "expected"),
    [(8, 9, 9, "9"), (10, 9, 9, "9"), (731, 732, 1300, "732 to 1300")],
)
def test_a_wrong_count_names_class_and_counts(
    n_images: int, fewest: int, most: int, expected: str
) -> None:
    check_count("n02000001", fewest, fewest, most)
    with pytest.raises(
        DataError, match=f"class n02000001: expected {expected} images.*{n_images}"
    ):
        check_count("n02000001", n_images, fewest, most)


def test_of_smaller_classes_a_lower_bound_is_known() -> None:
    counts = read_counts(["n01440764", "n02000001", *world.RAVI.numbers])
    assert counts["n02000001"] == (1300, 1300)
    assert all(fewest <= most == 1300 for fewest, most in counts.values())
    assert min(fewest for fewest, _ in counts.values()) < 1300

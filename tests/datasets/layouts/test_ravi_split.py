"""The split of Ravi & Larochelle: its image names, and its CSVs."""

from pathlib import Path

import pytest

from fewbench.datasets import BUILDERS, miniimagenet
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.layouts.ravi_split import (
    RaviSplit,
    check_csv,
    check_n_images,
    check_single_files,
    ravi_members,
)
from fewbench.datasets.layouts.source_files import open_source
from fewbench.datasets.splits import read_classes

SMALL = RaviSplit(
    numbers={"n02000001": ("val", (2, 30)), "n01000001": ("val", (1,))},
    mapping_sha256={},
    counts={},
)


def test_images_are_called_by_class_and_number() -> None:
    assert SMALL.names("n02000001") == ("n0200000100000002", "n0200000100000030")
    assert SMALL.split("n02000001") == "val"
    assert SMALL.wnids_of("val") == ["n01000001", "n02000001"]
    assert SMALL.wnids_of("test") == []


def test_a_class_has_at_least_as_many_images_as_its_highest_number() -> None:
    ravi = miniimagenet.ravi_split()
    for wnid, (_, numbers) in ravi.numbers.items():
        fewest, most = ravi.counts[wnid]
        assert max(numbers) <= fewest <= most == 1300


def test_images_are_found_by_name_in_any_folder(folder: Path) -> None:
    for name in (
        "a/b/n0200000100000002.jpg",
        "n0200000100000030.PNG",
        "n0900000100000001.jpg",  # a class of another dataset
        "n0200000100000099.txt",
        "n02000001_2.JPEG",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    assert ravi_members(open_tree(folder).names(), SMALL) == {
        "n02000001": {
            "n0200000100000002": "a/b/n0200000100000002.jpg",
            "n0200000100000030": "n0200000100000030.PNG",
        }
    }


def test_two_files_of_one_image_are_refused() -> None:
    names = ["a/n0200000100000002.jpg", "n0200000100000030.png", "n09.jpg"]
    check_single_files("source", names, SMALL)
    message = (
        "source: image n0200000100000002: expected one file of this name, got "
        "a/n0200000100000002.jpg and b/n0200000100000002.png. Move one"
    )
    with pytest.raises(DataError, match=message):
        check_single_files("source", [*names, "b/n0200000100000002.png"], SMALL)


def test_the_class_list_of_vinyals_is_recognised(folder: Path) -> None:
    (folder / "train.csv").write_text("filename,class\nn01532829_1.JPEG,n01532829\n")
    with pytest.raises(
        DataError, match="not this dataset: .*a class list of Vinyals et al"
    ):
        BUILDERS["miniimagenet"].list_classes(Request(folder))


def test_a_csv_is_told_by_its_checksum(folder: Path) -> None:
    text = "filename,label\n"
    for wnid, line in read_classes("miniimagenet_ravi").items():
        if line.split == "val":
            for number in line.facts.split():
                text += f"{wnid}{int(number):08d}.jpg,{wnid}\n"
    (folder / "a.csv").write_text(text)
    (folder / "b.csv").write_text(text + "\n")
    published, changed = open_source(Request(folder)).of_kind("csv")
    assert (
        check_csv(published) == "a.csv: is Ravi's list of split val, md5 as published"
    )
    assert check_csv(changed) == "b.csv: differs from Ravi's lists and was not used"


@pytest.mark.parametrize(
    ("n_images", "allow_missing", "accepted"),
    [
        (2, False, True),
        (1, False, False),
        (1, True, True),
        (0, True, False),
        (3, True, False),
    ],
)
def test_only_a_missing_image_can_be_allowed(
    n_images: int, allow_missing: bool, accepted: bool
) -> None:
    def check() -> None:
        check_n_images("x.pkl", "n02000001", n_images, SMALL, allow_missing)

    if accepted:
        check()
    else:
        with pytest.raises(DataError, match=f"expected 2 images, found {n_images}"):
            check()

"""Every form of miniImageNet builds the same dataset, and what is not it is refused."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets import BUILDERS, miniimagenet
from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import open_split
from fewbench.datasets.splits import read_classes
from fewbench_tests import imagenet_archives as world

MINI, WNIDS = world.MINI, list(world.RAVI.numbers)
FORMS: dict[str, Callable[[Path], Path]] = {
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
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    source = world.write_named_images(tmp_path_factory.mktemp("images"))
    built = build(MINI, tmp_path_factory.mktemp("root"), Request(source))
    return built.manifest["splits"]


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
def test_every_form_builds_the_same_content(
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


def test_the_split_list_is_the_published_one() -> None:
    lists = dict.fromkeys(world.SPLITS, "filename,label\n")
    for wnid, one in read_classes("miniimagenet_ravi").items():
        for number in one.facts.split():
            lists[one.split] += f"{wnid}{int(number):08d}.jpg,{wnid}\n"
    md5 = [
        hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        for text in lists.values()
    ]
    assert md5 == [
        "9525e1538f67719f18f1936bf8d0782d",
        "ce315ce99b41fbf84fa6acd69315d918",
        "5b89df877c6cbe5d291e43118a2a9591",
    ]
    sorted_wnids = {
        split: "".join(
            f"{w}\n" for w in sorted({line[:9] for line in text.split()[1:]})
        )
        for split, text in lists.items()
    }
    assert [
        hashlib.sha256(text.encode()).hexdigest() for text in sorted_wnids.values()
    ] == [
        "617600f7f3ba9b5cd319a6f963a478694cd6bf38252aa16d1acf7e8ce4f106ab",
        "71592e7d268aa1975f457323419b113ee0a951e7fa321828c94ade452cf84bc4",
        "cb594248f5c9fe821ad946d77870e379d19145031abd9e8661322fd3449b3274",
    ]


def test_resampling_is_recorded_and_finished_pixels_are_not_resampled(
    folder: Path,
) -> None:
    root = folder.parent / "root"
    lanczos = replace(
        MINI,
        name="miniimagenet-lanczos",
        list_classes=partial(
            miniimagenet.list_classes, resampling="lanczos", ravi=world.RAVI
        ),
    )
    world.write_cache(folder)
    assert build(MINI, root, Request(folder)).manifest["resampling"] == (
        "cv2-linear, by the publisher"
    )
    with pytest.raises(
        DataError, match="finished pixels .*cannot be resampled by lanczos"
    ):
        build(lanczos, root, Request(folder))
    assert not (root / "miniimagenet-lanczos").exists()


def test_large_pictures_are_resized_by_the_named_filter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "jpeg", partial(world.jpeg, side=120))
    world.write_class_folders(folder, WNIDS)
    root = folder.parent / "root"
    built = build(MINI, root, Request(folder))
    assert built.manifest["resampling"] == "cv2-linear"
    lanczos = replace(
        MINI,
        name="lanczos",
        list_classes=partial(
            miniimagenet.list_classes, resampling="lanczos", ravi=world.RAVI
        ),
    )
    other = build(lanczos, root, Request(folder)).manifest
    assert other["resampling"] == "lanczos"
    assert other["splits"]["test"] != built.manifest["splits"]["test"]
    picture = Image.open(folder / "train" / WNIDS[0] / world.file_names(WNIDS[0])[1])
    small = np.array(picture.resize((84, 84), Image.Resampling.LANCZOS))
    store = open_split(lanczos, root, world.RAVI.split(WNIDS[0]))
    first = store.class_names.index(WNIDS[0])
    np.testing.assert_array_equal(store.read_class(first)[0], small)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_missing_or_extra_file_is_refused_with_class_and_counts(
    folder: Path, change: int
) -> None:
    world.write_class_folders(folder, WNIDS)
    place = folder / "train" / WNIDS[2]
    if change < 0:
        next(place.iterdir()).unlink()
    else:
        (place / f"{WNIDS[2]}_50.JPEG").write_bytes(world.jpeg(WNIDS[2], 0))
    message = (
        f"class {WNIDS[2]}: expected 9 images as in ILSVRC2012, found {9 + change}"
    )
    with pytest.raises(DataError, match=message):
        build(MINI, folder.parent / "root", Request(folder))
    assert list((folder.parent / "root").glob("mini*")) == []


def test_a_renamed_file_is_found_by_the_mapping(folder: Path) -> None:
    world.write_class_folders(folder, WNIDS)
    place = folder / "train" / WNIDS[0]
    (place / f"{WNIDS[0]}_12.JPEG").rename(place / f"{WNIDS[0]}_13.JPEG")
    with pytest.raises(
        DataError, match="train: image numbers do not lead to the images"
    ):
        build(MINI, folder.parent / "root", Request(folder))


def test_a_class_in_two_folders_is_refused(folder: Path) -> None:
    world.write_class_folders(folder, WNIDS)
    (folder / "train").rename(folder / "a")
    world.write_class_folders(folder, WNIDS)
    (folder / "train").rename(folder / "b")
    with pytest.raises(DataError, match="lies in two folders"):
        build(MINI, folder.parent / "root", Request(folder))


def test_validation_images_in_class_folders_are_left_alone(
    folder: Path, expected: dict[str, Any]
) -> None:
    world.write_class_folders(folder, WNIDS)
    for wnid in WNIDS:
        (folder / "val" / wnid).mkdir(parents=True)
        (folder / "val" / wnid / "ILSVRC2012_val_00000293.JPEG").write_bytes(
            world.jpeg(wnid, 0)
        )
    manifest = build(MINI, folder.parent / "root", Request(folder)).manifest
    assert (
        manifest["splits"]["train"]["content_sha256"]
        == expected["train"]["content_sha256"]
    )


def test_the_other_class_list_is_recognised(folder: Path) -> None:
    (folder / "train.csv").write_text("filename,class\nn01532829_1.JPEG,n01532829\n")
    with pytest.raises(
        DataError, match=r"not this dataset: the class list of Vinyals et al"
    ):
        build(BUILDERS["miniimagenet"], folder.parent / "root", Request(folder))


def test_other_classes_in_the_same_form_are_refused(folder: Path) -> None:
    world.write_cache(folder)
    path = folder / "mini-imagenet-cache-val.pkl"
    table = pickle.loads(path.read_bytes())
    table["class_dict"]["n99999999"] = table["class_dict"].popitem()[1]
    path.write_bytes(pickle.dumps(table, 2))
    with pytest.raises(
        DataError, match=r"cache-val.*is not this dataset: 1 of its 2 .*n99999999"
    ):
        build(MINI, folder.parent / "root", Request(folder))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 1, 2, 2], "row numbers repeat or point outside"),
        ([0, 1, 2, 99], "row numbers repeat or point outside"),
        ([0, 1, 2], "expected 4 images, found 3"),
    ],
)
def test_wrong_rows_are_refused(folder: Path, rows: list[int], message: str) -> None:
    world.write_cache(folder)
    path = folder / "mini-imagenet-cache-test.pkl"
    table = pickle.loads(path.read_bytes())
    table["class_dict"][next(iter(table["class_dict"]))] = rows
    path.write_bytes(pickle.dumps(table, 2))
    with pytest.raises(DataError, match=message):
        build(MINI, folder.parent / "root", Request(folder))


def test_pictures_of_another_size_are_refused(folder: Path) -> None:
    world.write_cache(folder)
    path = folder / "mini-imagenet-cache-test.pkl"
    table = pickle.loads(path.read_bytes())
    table["image_data"] = table["image_data"][:, ::2]
    path.write_bytes(pickle.dumps(table, 2))
    with pytest.raises(
        DataError, match=r"expected uint8 images of shape \(84, 84, 3\), got"
    ):
        build(MINI, folder.parent / "root", Request(folder))


def test_a_split_that_is_missing_needs_allow_missing(folder: Path) -> None:
    world.write_cache(folder)
    (folder / "mini-imagenet-cache-train.pkl").unlink()
    root = folder.parent / "root"
    with pytest.raises(
        DataError, match=r"train: expected 3 classes and 12 images, found 0 and 0"
    ):
        build(MINI, root, Request(folder))
    manifest = build(MINI, root, Request(folder, allow_missing=True)).manifest
    assert manifest["partial"]
    assert list(manifest["splits"]) == ["val", "test"]


def test_a_web_page_in_place_of_a_pickle_is_named(folder: Path) -> None:
    world.write_cache(folder)
    (folder / "mini-imagenet-cache-val.pkl").write_text(
        "<!DOCTYPE html><html>quota</html>"
    )
    with pytest.raises(DataError, match=r"cache-val\.pkl is a web page and not data"):
        build(MINI, folder.parent / "root", Request(folder))


def test_nothing_of_it_says_so(folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match="holds no form of miniimagenet.*data identify"):
        build(MINI, folder.parent / "root", Request(folder))

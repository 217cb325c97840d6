"""miniImageNet: its published split, and splits that are missing.

Its layouts are tested in layouts/test_miniimagenet.py.
"""

import hashlib
from pathlib import Path

import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.splits import read_classes
from fewbench_tests import imagenet_archives as world

MINI = world.MINI


def test_the_split_list_is_the_published_one() -> None:
    lists: dict[str, str] = dict.fromkeys(world.SPLITS, "filename,label\n")
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


def test_a_split_that_is_missing_needs_allow_missing(folder: Path) -> None:
    world.write_cache(folder)
    (folder / "mini-imagenet-cache-train.pkl").unlink()
    root = folder.parent / "root"
    with pytest.raises(
        DataError,
        match=r"train: expected 3 classes and 12 images, found 0 classes and 0",
    ):
        build(MINI, root, Request(folder))
    manifest = build(MINI, root, Request(folder, allow_missing=True)).manifest
    assert manifest["partial"]
    assert list(manifest["splits"]) == ["val", "test"]

"""tieredImageNet: its published split, and partial datasets.

Its layouts are tested in layouts/test_tieredimagenet.py.
"""

import hashlib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from fewbench.datasets import tieredimagenet
from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import open_split
from fewbench.datasets.splits import read_classes
from fewbench_tests import imagenet_archives as world

TIERED, WNIDS = world.TIERED, list(world.REN.classes)


def test_the_class_list_is_the_published_one() -> None:
    classes = read_classes("tieredimagenet_ren")
    digests, categories = [], []
    for split in world.SPLITS:
        wnids = sorted(wnid for wnid, one in classes.items() if one.split == split)
        digests.append(
            hashlib.sha256("".join(f"{w}\n" for w in wnids).encode()).hexdigest()
        )
        categories.append({classes[wnid].facts.split()[0] for wnid in wnids})
    assert digests == [
        "3282c7e09cb5c858caa53e15d081dba014ce1784d696fb5d4dc10ed495474c2b",
        "ca040debf45120c3ca18a5cdddcb34473cf02c82517ccb27e84e27c0296e65da",
        "2405753d4c308be6519fea4919c4e740bdef13968c02119e79a745e1ec62adbb",
    ]
    assert [len(kinds) for kinds in categories] == [20, 6, 8]
    assert len(set.union(*categories)) == 34
    assert Counter(one.split for one in classes.values()) == {
        "train": 351,
        "val": 97,
        "test": 160,
    }


def test_some_classes_build_a_partial_dataset(folder: Path) -> None:
    world.write_class_folders(folder, WNIDS[:6])
    (folder / "train" / WNIDS[0] / world.file_names(WNIDS[0])[0]).unlink()
    root = folder.parent / "root"
    with pytest.raises(
        DataError, match=f"class {WNIDS[0]}: expected 9 images .*found 8"
    ):
        build(TIERED, root, Request(folder))
    manifest = build(TIERED, root, Request(folder, allow_missing=True)).manifest
    assert manifest["partial"]
    assert {
        split: counts["n_classes"] for split, counts in manifest["splits"].items()
    } == {
        "train": 4,
        "val": 2,
    }
    assert open_split(TIERED, root, "val").partial


@pytest.fixture
def sample(shared_data: Path, tmp_path: Path) -> Path:
    """Every sixth of the 60 images that are there of each of 123 classes."""
    whole = shared_data / "imagenet_sample" / "tiny_imagenet_123x60.zip"
    path = tmp_path / whole.name
    with zipfile.ZipFile(whole) as images, zipfile.ZipFile(path, "w") as chosen:
        for name in images.namelist()[::6]:
            chosen.writestr(name, images.read(name))
    return path


def test_real_images_build_a_partial_dataset(sample: Path, tmp_path: Path) -> None:
    info = tieredimagenet.INFO
    manifest = build(info, tmp_path, Request(sample, allow_missing=True)).manifest
    counts = {
        split: (one["n_classes"], one["n_images"])
        for split, one in manifest["splits"].items()
    }
    assert counts == {"train": (61, 610), "val": (17, 170), "test": (45, 450)}
    assert manifest["partial"]
    store = open_split(info, tmp_path, "test")
    assert all(store.class_categories)
    assert 90 < store.read_class(3).mean() < 160  # photographs, not noise or black

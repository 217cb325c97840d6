"""Every form of tieredImageNet builds the same dataset, and what is not it is refused."""

import hashlib
import pickle
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets import tieredimagenet
from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import open_split
from fewbench.datasets.splits import read_classes
from fewbench_tests import imagenet_archives as world

TIERED, WNIDS = world.TIERED, list(world.REN.classes)
NAMELESS: dict[str, Callable[[Path], Path]] = {
    "pickles, protocol 2": world.write_tiered_pickles,
    "pickles, flat arrays": partial(world.write_tiered_pickles, column=False),
    "pickles, protocol 4": partial(world.write_tiered_pickles, protocol=4),
    "pickles in tar": lambda folder: world.pack(
        world.write_tiered_pickles(folder), "t.tar"
    ),
    "npz with names": world.write_npz,
    "npz, compressed": partial(world.write_npz, packed=True),
    "torchmeta": world.write_tiered_groups,
}
NAMED: dict[str, Callable[[Path], Path]] = {
    "class folders": partial(world.write_class_folders, wnids=WNIDS),
    "class folders in zip": lambda folder: world.pack(
        world.write_class_folders(folder, WNIDS), "c.zip"
    ),
    "tar of tars": partial(world.write_tar_of_tars, wnids=WNIDS),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    source = world.write_tiered_pickles(tmp_path_factory.mktemp("pickles"))
    return build(TIERED, tmp_path_factory.mktemp("root"), Request(source)).manifest[
        "splits"
    ]


@pytest.mark.parametrize("write", (NAMELESS | NAMED).values(), ids=NAMELESS | NAMED)
def test_every_form_builds_the_same_pixels(
    folder: Path,
    expected: dict[str, Any],
    write: Callable[[Path], Path],
    request: pytest.FixtureRequest,
) -> None:
    root = folder.parent / "root"
    manifest = build(TIERED, root, Request(write(folder))).manifest
    assert not manifest["partial"]
    key = "content_sha256" if write in NAMELESS.values() else "pixels_sha256"
    for split, counts in expected.items():
        assert manifest["splits"][split][key] == counts[key]
    store = open_split(TIERED, root, "test")
    for c, (wnid, images) in enumerate(sorted(world.tiered_arrays("test").items())):
        assert (store.class_names[c], store.class_categories[c]) == (
            wnid,
            world.REN.classes[wnid][1],
        )
        np.testing.assert_array_equal(store.read_class(c), images)


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


def test_words_name_each_class_once() -> None:
    known = tieredimagenet.ren_split().by_words()
    assert known["house finch, linnet, carpodacus mexicanus"] == "n01532829"
    assert known["house finch"] == "n01532829"
    assert len(set(known.values())) == 608


def test_class_names_of_the_archive_win_over_our_words(
    folder: Path, expected: dict[str, Any]
) -> None:
    world.write_tiered_pickles(folder)
    names = {wnid: f"strange name {i}" for i, wnid in enumerate(WNIDS)}
    for split in world.SPLITS:
        labels = world.tiered_labels(split)
        labels["label_specific_str"] = [
            names[wnid] for wnid in world.tiered_arrays(split)
        ]
        world.dump(folder / f"{split}_labels.pkl", labels, 2)
    with pytest.raises(
        DataError, match="class 'strange name .' is none of tieredImageNet's"
    ):
        build(TIERED, folder.parent / "root", Request(folder))
    (folder / "class_names.txt").write_text("".join(f"{names[w]}\n" for w in WNIDS))
    (folder / "synsets.txt").write_text("".join(f"{w}\n" for w in WNIDS))
    manifest = build(TIERED, folder.parent / "root", Request(folder)).manifest
    assert (
        manifest["splits"]["test"]["content_sha256"]
        == expected["test"]["content_sha256"]
    )


def test_labels_without_names_make_numbered_classes(
    folder: Path, expected: dict[str, Any]
) -> None:
    world.write_npz(folder, named=False)
    root = folder.parent / "root"
    manifest = build(TIERED, root, Request(folder)).manifest
    assert any("name no classes" in check for check in manifest["checks"])
    store = open_split(TIERED, root, "test")
    assert store.class_names == tuple(f"label-{i:03d}" for i in range(4))
    for c, images in enumerate(world.tiered_arrays("test").values()):
        np.testing.assert_array_equal(store.read_class(c), images)


def test_an_old_copy_with_wrong_categories_is_refused(folder: Path) -> None:
    world.write_tiered_pickles(folder, old=True)
    with pytest.raises(
        DataError, match="old copy whose label_general .*wrong.*e07e811b9f29362"
    ):
        build(TIERED, folder.parent / "root", Request(folder))


def test_labels_that_do_not_fit_the_images_are_refused(folder: Path) -> None:
    world.write_tiered_pickles(folder)
    (folder / "val_labels.pkl").unlink()
    (folder / "train_labels.pkl").unlink()
    labels = world.tiered_labels("val")
    world.dump(
        folder / "val_labels.pkl", labels | {"label_specific": np.zeros(3, np.int32)}, 2
    )
    with pytest.raises(DataError, match="expected one labels pickle with 36 labels"):
        build(TIERED, folder.parent / "root", Request(folder))


@pytest.mark.parametrize("damage", ["size", "kind", "empty"])
def test_a_picture_that_is_none_is_named(folder: Path, damage: str) -> None:
    world.write_tiered_pickles(folder, column=False)
    path = folder / "val_images_png.pkl"
    images = pickle.loads(path.read_bytes())
    wrong = {
        "size": world.png(np.zeros((80, 84, 3), np.uint8)),
        "kind": b"GIF89a" * 20,
        "empty": b"!",
    }
    images[5] = np.frombuffer(wrong[damage], np.uint8)
    path.write_bytes(pickle.dumps(images, 2))
    message = {
        "size": "expected 84 x 84 pixels, got 84 x 80",
        "kind": "expected a PNG",
        "empty": "no PNG",
    }
    with pytest.raises(DataError, match=f"image 5: {message[damage]}"):
        build(TIERED, folder.parent / "root", Request(folder))


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


def test_real_pictures_build_a_partial_dataset(
    shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / "imagenet_sample" / "tiny_imagenet_123x60.zip"
    info = tieredimagenet.INFO
    manifest = build(info, tmp_path, Request(source, allow_missing=True)).manifest
    counts = {
        split: (one["n_classes"], one["n_images"])
        for split, one in manifest["splits"].items()
    }
    assert counts == {"train": (61, 3660), "val": (17, 1020), "test": (45, 2700)}
    assert manifest["partial"]
    store = open_split(info, tmp_path, "test")
    assert all(store.class_categories)
    assert 90 < store.read_class(3).mean() < 160  # photographs, not noise or black

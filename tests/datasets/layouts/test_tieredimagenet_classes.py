"""Which class of tieredImageNet an archive means, and archives that are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import open_split
from fewbench_tests import imagenet_archives as world

TIERED, WNIDS = world.TIERED, list(world.REN.classes)


def change_labels(folder: Path, split: str, **changes: Any) -> None:
    """Write the pickles with other values in the labels of one split."""
    world.write_tiered_pickles(folder)
    labels = world.tiered_labels(split)
    world.dump(folder / f"{split}_labels.pkl", labels | changes, 2)


def test_class_names_of_the_archive_win_over_our_words(folder: Path) -> None:
    world.write_tiered_pickles(folder)
    expected = TIERED.list_classes(Request(folder)).of("test")
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
        TIERED.list_classes(Request(folder))
    (folder / "class_names.txt").write_text("".join(f"{names[w]}\n" for w in WNIDS))
    (folder / "synsets.txt").write_text("".join(f"{w}\n" for w in WNIDS))
    renamed = TIERED.list_classes(Request(folder)).of("test")
    for one, other in zip(expected, renamed, strict=True):
        assert (one.name, one.category) == (other.name, other.category)
        np.testing.assert_array_equal(one.read(), other.read())


def test_labels_without_names_make_numbered_classes(folder: Path) -> None:
    world.write_npz(folder, named=False)
    root = folder.parent / "root"
    manifest = build(TIERED, root, Request(folder)).manifest
    assert any("have no class names" in check for check in manifest["checks"])
    store = open_split(TIERED, root, "test")
    assert store.class_names == tuple(f"label-{i:03d}" for i in range(4))
    for c, images in enumerate(world.tiered_arrays("test").values()):
        np.testing.assert_array_equal(store.read_class(c), images)


def test_a_file_of_numbered_classes_must_name_its_split(folder: Path) -> None:
    images = [np.frombuffer(world.png(np.zeros((84, 84, 3), np.uint8)), np.uint8)]
    world.dump(folder / "a_images_png.pkl", images, 2)
    world.dump(folder / "a_labels.pkl", {"labels": [0]}, 2)
    with pytest.raises(DataError, match=r"a_labels.pkl.*Rename it to train_labels.pkl"):
        TIERED.list_classes(Request(folder))


def test_an_old_copy_with_wrong_categories_is_refused(folder: Path) -> None:
    world.write_tiered_pickles(folder, old=True)
    with pytest.raises(
        DataError, match="old copy whose label_general .*wrong.*e07e811b9f29362"
    ):
        TIERED.list_classes(Request(folder))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label_general": [0]}, "expected 36 categories.*, got 1"),
        ({"label_specific_str": ["x"]}, "class 'x' is none of tieredImageNet's 12"),
        (
            {"label_specific": [-1] * 36},
            "labels from 0 to 3, .*, got labels from -1 to -1",
        ),
        ({"label_specific_str": [WNIDS[0]] * 2}, "two names that mean the same class"),
    ],
)
def test_labels_that_contradict_themselves_are_refused(
    folder: Path, changes: dict[str, Any], message: str
) -> None:
    change_labels(folder, "val", **changes)
    with pytest.raises(DataError, match=f"val_labels.pkl: .*{message}"):
        TIERED.list_classes(Request(folder))

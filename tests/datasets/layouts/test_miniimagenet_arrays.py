"""Arrays that are not miniImageNet, or not all of it, are refused."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from fewbench.datasets.info import DataError, Request
from fewbench_tests import imagenet_archives as world

MINI = world.MINI


def change_cache(folder: Path, split: str, **changes: Any) -> None:
    """Write a cache of which one pickle has other values."""
    world.write_cache(folder)
    path = folder / f"mini-imagenet-cache-{split}.pkl"
    table = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps(table | changes, 2))


def rows_of(split: str) -> dict[str, list[int]]:
    """wnid -> its rows in the cache of a split."""
    size = len(world.NUMBERS)
    return {
        wnid: list(range(k * size, (k + 1) * size))
        for k, wnid in enumerate(world.mini_arrays(split))
    }


def test_other_classes_in_the_same_layout_are_refused(folder: Path) -> None:
    rows = rows_of("val")
    rows["n99999999"] = rows.popitem()[1]
    change_cache(folder, "val", class_dict=rows)
    with pytest.raises(
        DataError, match=r"cache-val.*is not this dataset: 1 of its 2 .*n99999999"
    ):
        MINI.list_classes(Request(folder))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 1, 2, 2], "row numbers that repeat or point outside"),
        ([0, 1, 2, 99], "row numbers that repeat or point outside"),
        ([-1, 1, 2, 3], "row numbers that repeat or point outside"),
        ([0, 1, 2], "expected 4 images, found 3"),
    ],
)
def test_wrong_rows_are_refused(folder: Path, rows: list[int], message: str) -> None:
    first = next(iter(rows_of("test")))
    change_cache(folder, "test", class_dict=rows_of("test") | {first: rows})
    with pytest.raises(DataError, match=message):
        MINI.list_classes(Request(folder))


def test_a_table_whose_classes_are_all_empty_is_refused(folder: Path) -> None:
    change_cache(folder, "test", class_dict={wnid: [] for wnid in rows_of("test")})
    with pytest.raises(DataError, match="expected 4 images, found 0"):
        MINI.list_classes(Request(folder))


def test_images_of_another_size_are_refused(folder: Path) -> None:
    world.write_cache(folder)
    table = pickle.loads((folder / "mini-imagenet-cache-test.pkl").read_bytes())
    change_cache(folder, "test", image_data=table["image_data"][:, ::2])
    with pytest.raises(
        DataError, match=r"expected uint8 images of shape \(84, 84, 3\), got"
    ):
        MINI.list_classes(Request(folder))


def test_images_of_an_incomplete_class_are_numbered(folder: Path) -> None:
    first = next(iter(rows_of("test")))
    change_cache(folder, "test", class_dict=rows_of("test") | {first: [0, 1]})
    listing = MINI.list_classes(Request(folder, allow_missing=True))
    names = {one.name: one.image_names for one in listing.of("test")}
    assert names.pop(first) == ("0000", "0001")
    assert all(len(rest) == len(world.NUMBERS) for rest in names.values())


def test_labels_without_names_number_the_sorted_classes(folder: Path) -> None:
    world.write_category_split(folder, stated=False)
    listing = MINI.list_classes(Request(folder))
    for one in listing.classes:
        expected = world.mini_arrays(one.split)[one.name]
        assert (one.read() == expected).all()


def test_too_many_labels_without_names_are_refused(folder: Path) -> None:
    world.write_category_split(folder, stated=False)
    name = "miniImageNet_category_split_val.pickle"
    table = pickle.loads((folder / name).read_bytes())
    labels = [*table["labels"][:-1], 99]
    world.dump(folder / name, table | {"labels": labels}, 2)
    with pytest.raises(
        DataError, match="split_val.*expected names, or 2 labels .*, got 3 labels"
    ):
        MINI.list_classes(Request(folder))

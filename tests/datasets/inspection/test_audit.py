"""What splits share is found: classes by name, images by their pixels."""

import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.datasets import tieredimagenet
from fewbench.datasets.build import build
from fewbench.datasets.info import ClassImages, DataError, Listing, Request, SplitCounts
from fewbench.datasets.inspection.audit import Audit, Overlap, audit, audit_lists
from fewbench.datasets.layouts.ren_split import RenSplit
from fewbench.datasets.miniimagenet import ravi_split
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.tieredimagenet import ren_split
from fewbench_tests import imagenet_archives as world
from fewbench_tests.bars import BARS
from fewbench_tests.progress import SeenProgress

Levels = dict[str, dict[str, list[int]]]  # split -> class -> grey level of each image


def flat(levels: Iterable[int]) -> np.ndarray:
    """uint8 (n, 2, 2, 1): images of one grey level each, so that equal levels are equal pixels."""
    return np.repeat(np.array(list(levels), np.uint8), 4).reshape(-1, 2, 2, 1)


def stores_of(root: Path, dataset: str, levels: Levels) -> list[SplitStore]:
    def list_classes(_: Request) -> Listing:
        return Listing(
            tuple(
                ClassImages(
                    split, name, tuple(map(str, range(len(of)))), partial(flat, of)
                )
                for split, classes in levels.items()
                for name, of in classes.items()
            )
        )

    counts = {
        split: SplitCounts(len(classes), sum(map(len, classes.values())))
        for split, classes in levels.items()
    }
    info = replace(
        BARS,
        name=dataset,
        image_shape=(2, 2, 1),
        splits=counts,
        list_classes=list_classes,
    )
    folder = build(info, root).folder
    return [SplitStore(folder / f"{split}.h5") for split in levels]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    root = tmp_path_factory.mktemp("root")
    a: Levels = {
        "train": {"cat": [1, 2, 3, 3], "dog": [4, 2, 2], "label-000": [10]},
        "test": {"eel": [5, 3, 3], "fox": [6], "label-000": [11]},
    }
    b: Levels = {"train": {"dog": [2, 7], "eel": [8, 6, 9, 9]}}
    return audit([*stores_of(root, "a", a), *stores_of(root, "b", b)])


def test_classes_that_are_in_two_splits_are_named(found: Audit) -> None:
    assert found.overlaps == (
        Overlap("a/train", "b/train", ("dog",)),
        Overlap("a/test", "b/train", ("eel",)),
    )


def test_images_with_the_same_pixels_are_named_for_each_pair_of_splits(
    found: Audit,
) -> None:
    assert found.n_images == 19
    assert {
        (one.first, one.second): (one.count, one.pairs) for one in found.duplicates
    } == {
        ("a/train", "a/train"): (
            2,
            (("a/train/cat/1", "a/train/dog/1"), ("a/train/cat/1", "a/train/dog/2")),
        ),
        ("a/train", "a/test"): (
            2,
            (("a/train/cat/2", "a/test/eel/1"), ("a/train/cat/2", "a/test/eel/2")),
        ),
        ("a/train", "b/train"): (1, (("a/train/cat/1", "b/train/dog/0"),)),
        ("a/test", "b/train"): (1, (("a/test/fox/0", "b/train/eel/1"),)),
    }
    assert found.n_duplicates == 6


LEVELS = st.dictionaries(
    st.sampled_from(["train", "val", "test"]),
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(st.integers(0, 5), min_size=1, max_size=4),
        min_size=1,
    ),
    min_size=1,
)


@settings(max_examples=15)
@given(levels=LEVELS)
def test_counts_are_those_of_comparing_all_with_all(
    tmp_path_factory: pytest.TempPathFactory, levels: Levels
) -> None:
    found = audit(stores_of(tmp_path_factory.mktemp("root"), "x", levels))

    images = [
        (split, name, level)
        for split, classes in levels.items()
        for name in sorted(classes)
        for level in classes[name]
    ]
    expected: dict[tuple[str, str], int] = {}
    for pair in combinations_with_replacement(levels, 2):
        first = [one for one in images if one[0] == pair[0]]
        for one in images:
            equal = [other[:2] for other in first if other[2] == one[2]]
            if one[0] == pair[1] and equal and equal[0] != one[:2]:
                key = f"x/{pair[0]}", f"x/{pair[1]}"
                expected[key] = expected.get(key, 0) + 1
    assert {(one.first, one.second): one.count for one in found.duplicates} == expected


def test_many_equal_images_are_counted_and_a_few_of_them_named(tmp_path: Path) -> None:
    blank: Levels = {"train": {"a": [0] * 250}, "test": {"b": [0] * 250}}
    (one,) = audit(stores_of(tmp_path, "x", blank), n_pairs=3).duplicates
    assert one.count == 250
    assert one.pairs == tuple(("x/train/a/0", f"x/test/b/{i}") for i in range(3))


def test_splits_that_share_nothing_have_an_empty_report(
    bars: dict[str, SplitStore],
) -> None:
    assert audit(list(bars.values())) == Audit(520, (), ())


def test_the_same_pictures_in_two_datasets_are_found(tmp_path: Path) -> None:
    """A class that miniImageNet tests on, and tieredImageNet trains on."""
    wnids = list(world.RAVI.numbers)
    source = world.write_class_folders(tmp_path / "source", wnids)
    test = [wnid for wnid in wnids if world.RAVI.split(wnid) == "test"]
    ren = RenSplit({test[1]: ("train", "n00000000", "words")}, world.RAVI.counts)
    tiered = replace(
        world.TIERED,
        splits={"train": SplitCounts(1, world.PER_FOLDER)},
        list_classes=partial(
            tieredimagenet.list_classes, resampling="cv2-cubic", ren=ren
        ),
    )
    stores = [
        SplitStore(
            build(info, tmp_path / "root", Request(source)).folder / f"{split}.h5"
        )
        for info in (world.MINI, tiered)
        for split in info.splits
    ]

    found = audit(stores)

    assert found.overlaps == (
        Overlap("miniimagenet/test", "tieredimagenet/train", (test[1],)),
    )
    (duplicates,) = found.duplicates
    assert (duplicates.first, duplicates.second) == (
        "miniimagenet/test",
        "tieredimagenet/train",
    )
    assert duplicates.pairs == tuple(
        (
            f"miniimagenet/test/{test[1]}/{test[1]}{number:08d}",
            f"tieredimagenet/train/{test[1]}/{Path(world.file_names(test[1])[number - 1]).stem}",
        )
        for number in world.NUMBERS
    )


def test_progress_counts_the_images_of_all_splits(bars: dict[str, SplitStore]) -> None:
    seen = SeenProgress()
    audit(list(bars.values()), progress=seen)
    assert seen.steps == [("read images", 20 * (c + 1), 520) for c in range(26)]


def test_a_split_given_twice_or_none_is_refused(bars: dict[str, SplitStore]) -> None:
    with pytest.raises(DataError, match="got bars/test, bars/val, bars/test"):
        audit([bars["test"], bars["val"], bars["test"]])
    with pytest.raises(DataError, match="got no split"):
        audit([])


def test_memory_is_a_hundred_bytes_an_image(tmp_path: Path) -> None:
    def read(c: int) -> np.ndarray:
        return np.random.default_rng(c).integers(
            0, 256, (1000, 4, 4, 1), dtype=np.uint8
        )

    def list_classes(_: Request) -> Listing:
        names = tuple(map(str, range(1000)))
        return Listing(
            tuple(
                ClassImages("test", f"{c:02d}", names, partial(read, c))
                for c in range(60)
            )
        )

    counts = {"test": SplitCounts(60, 60_000)}
    info = replace(
        BARS, image_shape=(4, 4, 1), splits=counts, list_classes=list_classes
    )
    store = SplitStore(build(info, tmp_path).folder / "test.h5")
    tracemalloc.start()
    try:
        assert audit([store]).duplicates == ()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 60_000


def test_the_published_lists_share_58_classes() -> None:
    overlaps = audit_lists()

    counts = {(one.first, one.second): len(one.names) for one in overlaps}
    assert counts == {
        ("miniimagenet/train", "tieredimagenet/train"): 17,
        ("miniimagenet/train", "tieredimagenet/val"): 6,
        ("miniimagenet/train", "tieredimagenet/test"): 13,
        ("miniimagenet/val", "tieredimagenet/train"): 9,
        ("miniimagenet/val", "tieredimagenet/val"): 1,
        ("miniimagenet/val", "tieredimagenet/test"): 2,
        ("miniimagenet/test", "tieredimagenet/train"): 5,
        ("miniimagenet/test", "tieredimagenet/val"): 1,
        ("miniimagenet/test", "tieredimagenet/test"): 4,
    }
    names = [name for one in overlaps for name in one.names]
    assert sorted(names) == sorted(
        ravi_split().numbers.keys() & ren_split().classes.keys()
    )
    known = {(one.first, one.second): one.names for one in overlaps}
    assert known["miniimagenet/test", "tieredimagenet/train"] == (
        "n02129165",
        "n02871525",
        "n03146219",
        "n03272010",
        "n03544143",
    )

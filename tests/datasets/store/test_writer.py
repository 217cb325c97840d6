"""A split is written class by class, in any number of runs."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.info import ClassImages, DataError, Listing, Request
from fewbench.datasets.store.journal import Journal, outline_of
from fewbench.datasets.store.split_file import pixels_offset
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.store.writer import write_split
from fewbench_tests.bars import BARS, IMAGES_PER_CLASS, draw_class

OUTLINE = "0" * 64


def write(path: Path, classes: list[ClassImages], **kwargs: Any) -> SplitStore:
    listing = Listing(tuple(classes), **kwargs)
    journal = Journal.resume(
        path.parent / f"{path.name}.journal", outline_of(BARS, listing)
    )
    list(write_split(path, BARS, "test", listing, journal))
    return SplitStore(path)


def test_the_fingerprint_is_of_the_content_and_not_of_the_file(tmp_path: Path) -> None:
    classes = BARS.list_classes(Request()).of("test")
    renamed = [replace(one, image_names=one.image_names[::-1]) for one in classes]
    a = write(tmp_path / "a", classes)
    b = write(tmp_path / "b", classes[::-1], layout="another")
    c = write(tmp_path / "c", classes[1:], partial=True)
    d = write(tmp_path / "d", renamed)

    assert a.fingerprint == b.fingerprint
    assert len({a.fingerprint, c.fingerprint, d.fingerprint}) == 3
    assert a.pixels_sha256 == d.pixels_sha256 != c.pixels_sha256
    assert c.partial
    assert not a.partial


def test_categories_of_classes_are_kept(
    tmp_path: Path, bars: dict[str, SplitStore]
) -> None:
    classes = [
        replace(one, category=f"kind {c % 2}")
        for c, one in enumerate(BARS.list_classes(Request()).of("test"))
    ]
    assert write(tmp_path / "a", classes).class_categories == ("kind 0", "kind 1") * 4
    assert bars["test"].class_categories == ("",) * 8


def counted_listing() -> tuple[Listing, list[str]]:
    """The bars, and the names of the classes that were read from the source so far."""
    was_read: list[str] = []

    def reader(c: int) -> np.ndarray:
        was_read.append(f"test-{c:02d}")
        return draw_class("test", c)

    classes = [
        replace(one, read=lambda c=c: reader(c))
        for c, one in enumerate(BARS.list_classes(Request()).of("test"))
    ]
    return Listing(tuple(classes)), was_read


def steps(path: Path, listing: Listing) -> Generator[int, None, None]:
    journal = Journal.resume(path.parent / "journal", OUTLINE)
    yield from write_split(path, BARS, "test", listing, journal)


def test_each_step_tells_how_many_images_it_wrote(tmp_path: Path) -> None:
    listing, _ = counted_listing()
    assert list(steps(tmp_path / "test.h5", listing)) == [IMAGES_PER_CLASS] * 8


def test_a_second_run_reads_only_the_classes_that_were_not_finished(
    tmp_path: Path, bars: dict[str, SplitStore]
) -> None:
    path = tmp_path / "test.h5"
    listing, was_read = counted_listing()
    interrupted = steps(path, listing)
    for _ in range(3):
        next(interrupted)
    interrupted.close()
    with pytest.raises(DataError, match="not a finished fewbench-split"):
        SplitStore(path)
    was_read.clear()

    list(steps(path, listing))

    assert was_read == [f"test-{c:02d}" for c in range(3, 8)]
    assert SplitStore(path).fingerprint == bars["test"].fingerprint


def test_a_class_that_was_damaged_on_disk_is_written_again(
    tmp_path: Path, bars: dict[str, SplitStore]
) -> None:
    path = tmp_path / "test.h5"
    listing, was_read = counted_listing()
    interrupted = steps(path, listing)
    for _ in range(3):
        next(interrupted)
    interrupted.close()
    first_of_class_1 = pixels_offset(path) + IMAGES_PER_CLASS * 28 * 28
    with path.open("r+b") as file:
        file.seek(first_of_class_1)
        file.write(b"damaged")
    was_read.clear()

    list(steps(path, listing))

    assert was_read[-1] == "test-01"
    assert SplitStore(path).fingerprint == bars["test"].fingerprint


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((IMAGES_PER_CLASS, 28, 28, 3), np.uint8),
        np.zeros((IMAGES_PER_CLASS - 1, 28, 28, 1), np.uint8),
        np.zeros((IMAGES_PER_CLASS, 28, 28, 1), np.float32),
    ],
)
def test_other_images_than_the_dataset_has_are_refused(
    tmp_path: Path, wrong: np.ndarray
) -> None:
    names = tuple(str(i) for i in range(IMAGES_PER_CLASS))
    listing = Listing((ClassImages("test", "a", names, lambda: wrong),))
    with pytest.raises(DataError) as caught:
        list(steps(tmp_path / "test.h5", listing))
    text = str(caught.value)
    assert "bars, class a" in text
    assert "expected uint8 (20, 28, 28, 1)" in text
    assert f"got {wrong.dtype} {wrong.shape}" in text

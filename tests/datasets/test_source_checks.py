from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Listing, Request
from fewbench_tests.bars import BARS


@pytest.mark.parametrize("second", ["x", "x.jpg", "x.PNG"])
def test_two_images_of_one_name_are_refused(tmp_path: Path, second: str) -> None:
    def list_classes(request: Request) -> Listing:
        first, *others = BARS.list_classes(request).classes
        names = ("x", second, *first.image_names[2:])
        return Listing((replace(first, image_names=names), *others))

    with pytest.raises(
        DataError, match=r"'x' 2 times, such as in x\.jpg beside x\.png"
    ):
        build(replace(BARS, list_classes=list_classes), tmp_path)


def test_a_source_that_changed_is_not_built_and_may_be_later(tmp_path: Path) -> None:
    stamps = iter(["before", "after"])

    def list_classes(request: Request) -> Listing:
        listing = BARS.list_classes(request)
        return replace(listing, stamp="before", stamp_now=lambda: next(stamps))

    info = replace(BARS, list_classes=list_classes)
    assert build(info, tmp_path / "a").folder.is_dir()
    with pytest.raises(DataError, match="changed while they were read"):
        build(info, tmp_path / "b")
    assert not (tmp_path / "b" / "bars").exists()

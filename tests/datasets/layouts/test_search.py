"""Which layout is taken, and what becomes of pixels that have their final size already."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets import miniimagenet
from fewbench.datasets.build import build
from fewbench.datasets.images.resample import RESAMPLING
from fewbench.datasets.info import ClassImages, DataError, Listing, Request
from fewbench.datasets.layouts.search import SMALL, Search, first_listing, variants
from fewbench.datasets.layouts.source_files import open_source
from fewbench.datasets.root import open_split
from fewbench_tests import imagenet_archives as world

MINI, WNIDS = world.MINI, list(world.RAVI.numbers)
LANCZOS = replace(
    MINI,
    name="miniimagenet-lanczos",
    list_classes=partial(
        miniimagenet.list_classes, resampling="lanczos", ravi=world.RAVI
    ),
)


def search_in(folder: Path, resampling: str = "box") -> Search:
    return Search(
        files=open_source(Request(folder)),
        dataset="leaves",
        shape=(84, 84, 3),
        resampling=resampling,
        published="box",
        allow_missing=False,
    )


def listing_of(*names: str) -> Listing:
    classes = [ClassImages("val", name, ("0",), lambda: np.zeros(1)) for name in names]
    return Listing(tuple(classes))


def test_the_first_layout_that_fits_is_taken(folder: Path) -> None:
    search = search_in(folder)
    listing = first_listing(
        search, (lambda: None, lambda: listing_of("a"), lambda: listing_of("b"))
    )
    assert [one.name for one in listing.classes] == ["a"]
    assert listing.stamp == search.files.tree.stamp()


def test_a_class_in_two_files_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="class a is in two of its files"):
        first_listing(search_in(folder), [lambda: listing_of("a", "b", "a")])


def test_no_layout_names_the_commands_that_help(folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing")
    with pytest.raises(
        DataError,
        match=f"expected a known layout of miniimagenet, .*data identify {folder}.*"
        "fewbench data info miniimagenet",
    ):
        MINI.list_classes(Request(folder))


@pytest.mark.parametrize("record", [None, "box", "box, by the publisher", "hand-made"])
def test_finished_pixels_keep_the_filter_that_made_them(
    folder: Path, record: str | None
) -> None:
    if record is not None:
        (folder / "conversion.json").write_text(f'{{"resampling": "{record}"}}')
    made = search_in(folder).finished([], "cache").resampling
    assert made == (record or "box, by the publisher")
    with pytest.raises(DataError, match="already resized .*cannot be resampled by lan"):
        search_in(folder, "lanczos").finished([], "cache")


def test_small_images_are_not_resized(folder: Path) -> None:
    assert search_in(folder).resized([], "folders", small=True).resampling == SMALL
    search = search_in(folder, "lanczos")
    assert search.resized([], "folders", small=False).resampling == "lanczos"
    with pytest.raises(DataError, match="cannot be resampled by lanczos"):
        search.resized([], "folders", small=True)


def test_there_is_a_variant_for_every_other_filter() -> None:
    made = variants(MINI, miniimagenet.list_classes, ("folders",))
    assert [one.resampling for one in made] == [
        name for name in RESAMPLING if name != "cv2-linear"
    ]
    for one in made:
        assert one.name == f"miniimagenet-{one.resampling}"
        assert one.layouts == ("folders",)
        assert [source.filename for source in one.sources] == [
            "ILSVRC2012_img_train.tar"
        ]


def test_resampling_is_recorded_and_finished_pixels_are_not_resampled(
    folder: Path,
) -> None:
    root = folder.parent / "root"
    world.write_cache(folder)
    assert build(MINI, root, Request(folder)).manifest["resampling"] == (
        "cv2-linear, by the publisher"
    )
    with pytest.raises(
        DataError, match="already resized .*cannot be resampled by lanczos"
    ):
        build(LANCZOS, root, Request(folder))
    assert not (root / "miniimagenet-lanczos").exists()


def test_large_images_are_resized_by_the_named_filter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "jpeg", partial(world.jpeg, side=120))
    world.write_class_folders(folder, WNIDS)
    root = folder.parent / "root"
    built = build(MINI, root, Request(folder))
    assert built.manifest["resampling"] == "cv2-linear"
    other = build(LANCZOS, root, Request(folder)).manifest
    assert other["resampling"] == "lanczos"
    assert other["splits"]["test"] != built.manifest["splits"]["test"]
    image = Image.open(folder / "train" / WNIDS[0] / world.file_names(WNIDS[0])[1])
    small = np.array(image.resize((84, 84), Image.Resampling.LANCZOS))
    store = open_split(LANCZOS, root, world.RAVI.split(WNIDS[0]))
    first = store.class_names.index(WNIDS[0])
    np.testing.assert_array_equal(store.read_class(first)[0], small)

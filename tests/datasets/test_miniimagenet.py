"""miniImageNet: its published split, and splits that are missing.

Its layouts are tested in layouts/test_miniimagenet.py.
"""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.splits import read_classes
from fewbench.datasets.store.journal import Journal
from fewbench.datasets.store.manifest import recorded
from fewbench.datasets.store.split_store import SplitStore
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


def test_images_of_mixed_sizes_are_counted(folder: Path) -> None:
    """The first images of each class have the final size; others are originals."""
    world.write_named_images(folder)
    n_large = 0
    for path in sorted((folder / "images").iterdir()):
        number = int(path.stem[-8:])
        if number == world.NUMBERS[-1]:
            path.write_bytes(world.jpeg(path.stem[:9], number - 1, side=100))
            n_large += 1
    built = build(MINI, folder.parent / "root", Request(folder))
    splits = built.manifest["splits"]
    n_images = sum(split["n_images"] for split in splits.values())
    assert 0 < n_large < n_images / 2
    for name, split in splits.items():
        store = SplitStore(built.folder / f"{name}.h5")
        n_resized = split["n_images"] // len(world.NUMBERS)
        assert store.attributes["resampling"] == (
            f"cv2-linear for {n_resized} of {len(store)} images; the others had the "
            f"final size already"
        )
        n_small = len(store) - n_resized
        sizes = f"84 x 84 ({n_small}), 100 x 100 ({n_resized})"
        assert (
            store.attributes["made_from"]
            == f"{len(store)} image files of {sizes} pixels"
        )
        assert split["made_from"] == store.attributes["made_from"]
    assert "train: cv2-linear for" in built.manifest["resampling"]


def test_what_the_files_tell_about_their_pixels_is_recorded(folder: Path) -> None:
    world.write_named_images(folder)
    built = build(MINI, folder.parent / "root", Request(folder))
    for name, split in built.manifest["splits"].items():
        store = SplitStore(built.folder / f"{name}.h5")
        assert store.attributes["jpeg"] == "quality 90, 4:2:0"
        # The images of these tests have no fine detail.
        assert store.attributes["spectrum"] == "cannot tell"
        said = "smooth or aliased: cannot tell; JPEG: quality 90, 4:2:0"
        assert split["pixels"] == said
        assert recorded([store, store], "jpeg") == "quality 90, 4:2:0"


def test_nothing_is_recorded_of_files_that_the_build_resized(folder: Path) -> None:
    world.write_class_folders(folder, list(world.RAVI.numbers))
    for path in folder.rglob("*.JPEG"):
        with Image.open(path) as image:
            image.resize((100, 100)).save(path)
    built = build(MINI, folder.parent / "root", Request(folder))
    for name, split in built.manifest["splits"].items():
        store = SplitStore(built.folder / f"{name}.h5")
        assert (store.attributes["jpeg"], store.attributes["spectrum"]) == ("", "")
        assert split["pixels"] == ""


def test_counts_of_a_build_that_was_killed_are_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write_named_images(folder)
    root = folder.parent / "root"
    whole = build(MINI, root, Request(folder)).manifest
    calls = iter(range(99))

    def fail_later(self: Journal, *line: object) -> None:
        if next(calls) == 3:
            raise KeyboardInterrupt
        add(self, *line)  # pyright: ignore[reportArgumentType]

    add = Journal.add
    monkeypatch.setattr(Journal, "add", fail_later)
    with pytest.raises(KeyboardInterrupt):
        build(MINI, root, Request(folder), rebuild=True)
    monkeypatch.undo()
    assert (
        build(MINI, root, Request(folder), rebuild=True).manifest["splits"]
        == (whole["splits"])
    )

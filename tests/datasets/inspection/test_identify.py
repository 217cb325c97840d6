"""identify tells every layout apart, and says what it cannot tell."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.identity import Found, Identity, build_command
from fewbench.datasets.info import DataError, Request, SplitCounts
from fewbench.datasets.inspection.identify import identify
from fewbench_tests import imagenet_archives as world
from fewbench_tests.commands import run_fewbench

MINI, TIERED = list(world.RAVI.numbers), list(world.REN.classes)


@pytest.mark.parametrize(
    ("write", "name", "expected"),
    [
        (
            world.write_cache,
            "mini-imagenet-cache-val.pkl",
            ("miniimagenet", "mini-imagenet-cache pickle", "val"),
        ),
        (
            world.write_category_split,
            "miniImageNet_category_split_test.pickle",
            ("miniimagenet", "category split pickle", "test"),
        ),
        (
            world.write_mini_groups,
            "train_data.hdf5",
            ("miniimagenet", "torchmeta HDF5", "train"),
        ),
        (
            world.write_named_images,
            "28 images or inner tars",
            ("miniimagenet", "named images", ""),
        ),
        (
            world.write_tiered_pickles,
            "val_images_png.pkl",
            ("tieredimagenet", "images_png pickle", "val"),
        ),
        (
            world.write_tiered_pickles,
            "test_labels.pkl",
            ("tieredimagenet", "labels pickle", "test"),
        ),
        (world.write_npz, "train_images.npz", ("tieredimagenet", "npz", "train")),
        (
            world.write_tiered_groups,
            "test_data.hdf5",
            ("tieredimagenet", "torchmeta HDF5", "test"),
        ),
        (
            partial(world.write_tar_of_tars, wnids=TIERED),
            "12 images or inner tars",
            ("tieredimagenet", "class folders or tars", ""),
        ),
        (
            partial(world.write_class_folders, wnids=TIERED),
            "108 images or inner tars",
            ("tieredimagenet", "class folders or tars", ""),
        ),
    ],
)
def test_every_layout_is_known(
    folder: Path,
    write: Callable[[Path], Path],
    name: str,
    expected: tuple[str, str, str],
) -> None:
    found = identify(write(folder))[name]
    assert (found.dataset, found.layout, found.split) == expected


def test_a_name_alone_is_not_believed(folder: Path) -> None:
    """Files under wrong names are told by what they hold."""
    world.write_cache(folder)
    (folder / "mini-imagenet-cache-test.pkl").rename(folder / "train_images_png.pkl")
    found = identify(folder)["train_images_png.pkl"]
    assert (found.layout, found.split) == ("mini-imagenet-cache pickle", "test")
    (folder / "mini-imagenet-cache-val.pkl").rename(folder / "val")
    assert identify(folder / "val")["val"].split == "val"


def test_our_own_splits_are_known(folder: Path) -> None:
    root = folder.parent / "root"
    world.write_class_folders(folder, MINI)
    build(world.MINI, root, Request(folder))
    found = identify(root / "miniimagenet")
    assert sorted(found) == ["test.h5", "train.h5", "val.h5"]
    assert (found["val.h5"].layout, found["val.h5"].split) == ("fewbench split", "val")
    assert found["val.h5"].what == "fewbench's own split of miniimagenet, build"


def test_the_other_class_list_is_named(folder: Path) -> None:
    (folder / "train.csv").write_text("filename,class\nn01532829_1.JPEG,n01532829\n")
    assert "Vinyals" in identify(folder)["train.csv"].what


def test_a_damaged_file_is_an_answer_and_no_failure(folder: Path) -> None:
    world.write_cache(folder)
    path = folder / "mini-imagenet-cache-val.pkl"
    path.write_bytes(path.read_bytes()[:5000])
    found = identify(folder)
    assert found[path.name].what.startswith("refused: ")
    assert found["mini-imagenet-cache-test.pkl"].split == "test"


def test_a_folder_of_archives_is_known(folder: Path) -> None:
    source = world.pack_each(world.write_split_folders(folder), ".zip", ".tar.gz")
    (source / "notes.zip").write_bytes(b"no zip")
    found = identify(source)
    assert found["28 images or inner tars"].layout == "named images"
    assert found["notes.zip"].what.startswith(f"refused: {source}/notes.zip: cannot")


def test_something_else_says_so(folder: Path) -> None:
    (folder / "a").write_bytes(b"hello")
    assert identify(folder / "a")["a"].what == (
        'nothing that fewbench knows: a file that starts with "hello"'
    )
    with pytest.raises(DataError, match="nothing"):
        identify(folder / "missing")


def test_advice_to_verify_our_own_split_can_be_typed(folder: Path) -> None:
    root = folder / "my root"
    build(BUILDERS["glyphs"], root)
    advice = identify(root / "glyphs")["test.h5"].advice
    fewbench, *arguments = shlex.split(advice)
    assert fewbench == "fewbench"
    done = run_fewbench(folder, folder / "elsewhere", *arguments)
    assert "content as recorded" in done.stdout


def test_advice_to_build_can_be_typed(folder: Path) -> None:
    """Splits that are missing are allowed to be: else the command would refuse."""
    world.write_category_split(folder)
    (folder / "miniImageNet_category_split_test.pickle").unlink()
    advice = {one.advice for one in identify(folder).values() if one.dataset}
    command = f"fewbench data build miniimagenet --source {shlex.quote(str(folder))}"
    assert advice == {f"{command} --allow-missing"}


def test_a_whole_source_is_built_without_allowing_anything(folder: Path) -> None:
    world.write_cache(folder)
    advice = {one.advice for one in identify(folder).values() if one.dataset}
    command = f"fewbench data build miniimagenet --source {shlex.quote(str(folder))}"
    assert advice == {command}


def nearly(_: Found) -> Identity:
    return Identity("nearly ours")


def ours(found: Found) -> Identity | None:
    if found.kind != "csv":
        return None
    command = build_command("leaves", found.label)
    return Identity("ours", "leaves", split=found.stem, advice=command)


@pytest.mark.parametrize("order", [("near", "leaves"), ("leaves", "near")])
def test_a_dataset_that_recognises_a_file_comes_before_one_that_nearly_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    recognise = {"near": nearly, "leaves": ours}
    splits = {"train": SplitCounts(2, 2), "test": SplitCounts(2, 2)}
    for name in order:
        info = replace(
            BUILDERS["glyphs"], name=name, splits=splits, recognise=recognise[name]
        )
        monkeypatch.setitem(BUILDERS, name, info)
    (folder / "train.csv").write_text("image\n")
    assert identify(folder)["train.csv"].what == "ours"
    # The split test is missing, and there is no split val.
    assert identify(folder)["train.csv"].advice.endswith("--allow-missing")
    (folder / "test.csv").write_text("image\n")
    assert not identify(folder)["train.csv"].advice.endswith("--allow-missing")
    np.savez(folder / "note.npz", x=np.zeros(1))
    assert identify(folder)["note.npz"].what == "nearly ours"

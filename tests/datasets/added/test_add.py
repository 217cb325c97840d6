import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.added.add import OwnImages, add, check_name, name_and_size
from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore
from fewbench.errors import UserError
from fewbench.locks import Busy, exclusive
from fewbench_tests.own_images import CLASSES, own_image, write_classes


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    write_classes(folder, dict.fromkeys(CLASSES, 4))
    return folder


def names_by_split(folder: Path) -> dict[str, list[str]]:
    return {
        path.stem: list(SplitStore(path).class_names) for path in folder.glob("*.h5")
    }


def test_class_folders_are_split_by_the_names_of_the_classes(
    source: Path, tmp_path: Path
) -> None:
    built = add("mine", OwnImages(source), tmp_path / "root")
    assert names_by_split(built.folder) == {
        "train": ["bee", "cat", "elk", "fox", "owl", "rat"],
        "val": ["cow", "ram"],
        "test": ["dog", "hen", "pig", "yak"],
    }
    assert built.manifest["checks"][1] == "val classes: cow, ram"
    store = SplitStore(built.folder / "test.h5")
    assert store.image_shape == (84, 84, 3)
    assert store.image_names[:4] == ("0.png", "1.png", "2.png", "3.png")
    expected = own_image("dog", 1).resize((84, 84), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(store.images[1], np.asarray(expected))


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_an_archive_gives_the_same_dataset(
    source: Path, tmp_path: Path, suffix: str
) -> None:
    shutil.make_archive(str(tmp_path / "own"), suffix, tmp_path, "source")
    folder = add("mine", OwnImages(source, size=16), tmp_path / "a")
    archive = OwnImages(tmp_path / f"own.{suffix}", size=16)
    packed = add("mine", archive, tmp_path / "b")
    for split, facts in folder.manifest["splits"].items():
        sha256 = packed.manifest["splits"][split]["content_sha256"]
        assert sha256 == facts["content_sha256"]


def test_meta_albums_layout(tmp_path: Path) -> None:
    album = tmp_path / "album"
    write_classes(album, {"images": 2 * len(CLASSES)})
    lines = ["FILE_NAME,CATEGORY,SUPER_CATEGORY"]
    lines += [f"{i}.png,{CLASSES[i // 2]},animals" for i in range(2 * len(CLASSES))]
    (album / "labels.csv").write_text("\n".join(lines))
    (album / "info.json").write_text("{}")
    built = add("album", OwnImages(album, size=16), tmp_path / "root")
    assert names_by_split(built.folder)["val"] == ["cow", "ram"]
    with pytest.raises(DataError, match="class bee: expected a split"):
        add("other", OwnImages(album, "csv"), tmp_path / "root")


def test_ways_to_split_can_be_chosen(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    with pytest.raises(DataError, match="got other folders"):
        add("mine", OwnImages(source, "folder"), root)
    with pytest.raises(DataError, match="cannot split by CSV"):
        add("mine", OwnImages(source, "csv"), root)
    with pytest.raises(DataError, match="way to split"):
        add("mine", OwnImages(source, "size"), root)
    chosen = tmp_path / "chosen"
    (chosen / "train").mkdir(parents=True)
    (chosen / "test").mkdir()
    for number, name in enumerate(CLASSES):
        split = "test" if number < 3 else "train"
        shutil.copytree(source / name, chosen / split / name)
    built = add("mine", OwnImages(chosen, size=16), root)
    assert names_by_split(built.folder)["test"] == ["bee", "cat", "cow"]
    joined = add("joined", OwnImages(chosen, "ratio", size=16), root)
    assert names_by_split(joined.folder)["val"] == ["cow", "ram"]


def test_nothing_is_replaced_unless_it_is_asked_for(
    source: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    add("mine", OwnImages(source, size=16), root)
    with pytest.raises(DataError, match="exists already.*--rebuild"):
        add("mine", OwnImages(source, size=20), root)
    again = add("mine", OwnImages(source, size=20), root, rebuild=True)
    assert SplitStore(again.folder / "val.h5").image_shape == (20, 20, 3)


def test_pictures_in_the_place_of_the_dataset_stay(source: Path) -> None:
    before = sorted(source.rglob("*"))
    with pytest.raises(UserError, match="source: would be replaced"):
        add("source", OwnImages(source, size=16), source.parent)
    assert sorted(source.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("glyphs", "begins with glyphs"),
        ("omniglot-mine", "data add my-omniglot-mine FOLDER"),
        ("downloads", "my-downloads"),
        ("My", "lower-case"),
        ("a__b", "lower-case"),
        ("../x", "lower-case"),
        ("a-5w1s", "end like a protocol"),
        ("a" * 41, "at most 40"),
        ("glyphs@56", "begins with glyphs"),
        ("a@b", "lower-case"),
    ],
)
def test_names_that_mean_something_else_are_refused(name: str, message: str) -> None:
    check_name("my-birds_2.0")
    check_name("my-birds_2.0@224")
    with pytest.raises(DataError, match=message):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "size", "found"),
    [
        ("mine", None, ("mine", 84)),
        ("mine", 84, ("mine", 84)),
        ("mine", 224, ("mine@224", 224)),
        ("mine@224", None, ("mine@224", 224)),
        ("mine@224", 224, ("mine@224", 224)),
        ("mine@84", None, ("mine", 84)),
    ],
)
def test_the_name_says_the_size_unless_it_is_the_usual_one(
    name: str, size: int | None, found: tuple[str, int]
) -> None:
    assert name_and_size(name, size) == found


def test_a_name_states_the_size_that_the_images_get(
    source: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="contradicts --size 16"):
        name_and_size("mine@20", 16)
    with pytest.raises(DataError, match="contradicts --size 16"):
        add("mine@20", OwnImages(source, size=16), tmp_path / "root")
    with pytest.raises(DataError, match="8 to 512, got 1000"):
        name_and_size("mine@1000", None)


def test_a_damaged_image_leaves_no_dataset(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (source / "yak/1.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"yak/1\.png: cannot decode"):
        add("mine", OwnImages(source, size=16), root)
    assert not (root / "mine").exists()
    (source / "yak/1.png").unlink()
    built = add("mine", OwnImages(source, size=16), root)
    assert [path.name for path in root.iterdir()] == ["mine"]
    assert built.manifest["splits"]["test"]["n_images"] == 15


def test_two_at_once_do_not_write_the_same_dataset(
    source: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with exclusive(root / ".mine.lock", "building mine"), pytest.raises(Busy):
        add("mine", OwnImages(source, size=16), root)


KILLED = """
import os, sys
from pathlib import Path
from fewbench.datasets.added.add import OwnImages, add
def progress(stage, done, total):
    if done >= total // 2:
        os._exit(9)
add("mine", OwnImages(Path(sys.argv[1]), size=16), Path(sys.argv[2]), progress=progress)
"""


def test_a_killed_run_is_resumed_to_the_same_dataset(
    source: Path, tmp_path: Path
) -> None:
    import sys

    root = tmp_path / "root"
    arguments = [sys.executable, "-c", KILLED, str(source), str(root)]
    assert subprocess.run(arguments, check=False).returncode == 9
    assert not (root / "mine").exists()
    assert (root / "mine.partial").exists()
    resumed = add("mine", OwnImages(source, size=16), root)
    whole = add("mine", OwnImages(source, size=16), tmp_path / "other")
    for split, facts in whole.manifest["splits"].items():
        assert resumed.manifest["splits"][split] == facts


def test_images_in_no_csv_are_counted(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_classes(source, {"images": 5})
    rows = ["0,a,test", "1,a,test", "2,b,test", "3,b,test"]
    lines = ["filename,label,split", *(row.replace(",", ".png,", 1) for row in rows)]
    (source / "data.csv").write_text("\n".join(lines))
    built = add("mine", OwnImages(source, size=16), tmp_path / "root")
    assert built.manifest["checks"] == [
        "1 image in no CSV: left out",
        "test classes: a, b",
    ]


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_a_source_that_changes_while_it_is_read_is_not_stored(
    source: Path, tmp_path: Path, kind: str
) -> None:
    own = source
    changed = source / "owl" / "1.png"
    if kind != "folder":
        changed = own = Path(shutil.make_archive(str(source), kind, source))

    def change(stage: str, done: int, total: int, remark: str = "") -> None:
        if done < total:
            os.utime(changed, (1, 1))

    with pytest.raises(DataError, match="changed while they were read"):
        add("mine", OwnImages(own, size=16), tmp_path / "root", progress=change)
    assert not (tmp_path / "root" / "mine").exists()
    built = add("mine", OwnImages(own, size=16), tmp_path / "root")
    assert not built.manifest["partial"]

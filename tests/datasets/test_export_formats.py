"""Each format is what other programs read, and no name leads out of the folder."""

import csv
import io
import json
import logging
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from fewbench.datasets import build
from fewbench.datasets.export import convert
from fewbench.datasets.export_formats import FORMATS, check_names
from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests import imagenet_archives as world
from fewbench_tests.bars import draw_class
from fewbench_tests.exports import built, one_split
from fewbench_tests.hdf5 import dataset, group


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SplitStore]:
    source = world.write_cache(tmp_path_factory.mktemp("cache"))
    return built(world.MINI, tmp_path_factory.mktemp("root"), source)


@pytest.fixture(scope="module")
def tiered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SplitStore]:
    source = world.write_tiered_pickles(tmp_path_factory.mktemp("pickles"))
    return built(world.TIERED, tmp_path_factory.mktemp("root"), source)


def test_plain_pickle_load_reads_the_cache(
    mini: dict[str, SplitStore], tmp_path: Path
) -> None:
    paths = convert([mini["val"], mini["train"]], "cache", tmp_path / "out")
    names = ["mini-imagenet-cache-train.pkl", "mini-imagenet-cache-val.pkl"]
    assert [path.name for path in paths] == ["conversion.json", *names]
    with paths[1].open("rb") as file:
        table = pickle.load(file)
        assert file.read() == b""
    assert list(table) == ["image_data", "class_dict"]
    images = table["image_data"]
    assert (type(images), images.dtype, images.shape) == (
        np.ndarray,
        np.uint8,
        (12, 84, 84, 3),
    )
    images[0, 0, 0] = 0  # a copy of one's own
    assert list(table["class_dict"]) == list(mini["train"].class_names)
    for c, rows in enumerate(table["class_dict"].values()):
        assert rows == list(range(4 * c, 4 * c + 4))
        np.testing.assert_array_equal(images[rows[1:]], mini["train"].read_class(c)[1:])


def test_torchmeta_has_an_array_for_each_class_of_miniimagenet(
    mini: dict[str, SplitStore], tmp_path: Path
) -> None:
    convert([mini["test"]], "torchmeta", tmp_path / "out")
    labels = json.loads((tmp_path / "out" / "test_labels.json").read_text())
    assert labels == sorted(mini["test"].class_names)
    with h5py.File(tmp_path / "out" / "test_data.hdf5") as file:
        for c, label in enumerate(labels):
            found = dataset(group(file, "datasets"), label)
            np.testing.assert_array_equal(found[:], mini["test"].read_class(c))


def test_torchmeta_has_pngs_and_words_for_tieredimagenet(
    tiered: dict[str, SplitStore], tmp_path: Path
) -> None:
    convert([tiered["test"]], "torchmeta", tmp_path / "out")
    labels = json.loads((tmp_path / "out" / "test_labels.json").read_text())
    with h5py.File(tmp_path / "out" / "test_data.hdf5") as file:
        assert sorted(group(file, "datasets")) == sorted(labels)
        for c, wnid in enumerate(tiered["test"].class_names):
            _, category, words = world.REN.classes[wnid]
            assert labels[c] == words
            found = dataset(group(file, "datasets"), words)
            assert dict(found.attrs) == {
                "label_general": category,
                "label_specific": words,
            }
            picture = Image.open(io.BytesIO(found[3]))
            assert picture.format == "PNG"
            np.testing.assert_array_equal(
                np.array(picture), tiered["test"].read_class(c)[3]
            )


def test_slashes_in_class_names_make_no_groups_but_folders(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = one_split(tmp_path, "Greek/character01", "Greek/character02")
    with caplog.at_level(logging.WARNING):
        convert([store], "torchmeta", tmp_path / "groups")
    assert "'/' in class names was replaced by '_'" in caplog.text
    with h5py.File(tmp_path / "groups" / "test_data.hdf5") as file:
        assert list(group(file, "datasets")) == [
            "Greek_character01",
            "Greek_character02",
        ]
        found = dataset(group(file, "datasets"), "Greek_character02")
        assert found.attrs["label_specific"] == "Greek/character02"
        np.testing.assert_array_equal(found[:], draw_class("test", 1))

    convert([store], "images", tmp_path / "images")
    picture = Image.open(tmp_path / "images/test_images/Greek/character02/07.png")
    assert picture.mode == "L"
    np.testing.assert_array_equal(np.array(picture), draw_class("test", 1)[7, :, :, 0])


def test_names_that_become_the_same_in_torchmeta_are_refused(tmp_path: Path) -> None:
    store = one_split(tmp_path, "a/b", "a_b")
    with pytest.raises(
        DataError, match="two classes would have the same name.*--to images"
    ):
        convert([store], "torchmeta", tmp_path / "out")
    convert([store], "images", tmp_path / "out")


def test_the_table_of_images_survives_commas_and_quotes(tmp_path: Path) -> None:
    names = ['=house "finch", linnet', "élan, d'été", " spaces "]
    store = one_split(tmp_path, *names)
    convert([store], "images", tmp_path / "out")
    with (tmp_path / "out" / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # A spreadsheet would take the first name for a formula.
    labels = [name.replace("=house", "'=house") for name in store.class_names]
    assert [row["label"] for row in rows] == [n for n in labels for _ in range(20)]
    images = [np.array(Image.open(tmp_path / "out" / row["filename"])) for row in rows]
    np.testing.assert_array_equal(np.stack(images)[..., None], store.images)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", ["../evil", "/evil", "a/./b", "", "a\\b", "new\nline"])
def test_a_name_that_leads_elsewhere_is_refused(
    tmp_path: Path, format_name: str, name: str
) -> None:
    store = one_split(tmp_path, "good", name)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="the class name .* is not a safe file name"):
        convert([store], format_name, tmp_path / "out" / "deep")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("key", ["dataset", "split"])
def test_a_split_that_leads_elsewhere_is_refused(tmp_path: Path, key: str) -> None:
    store = one_split(tmp_path, "good")
    with h5py.File(store.path, "r+") as file:
        file.attrs[key] = np.bytes_(b"a/b")
    with pytest.raises(
        DataError, match="the dataset or split name 'a/b' is not a safe file name"
    ):
        convert([SplitStore(store.path)], "cache", tmp_path / "out")


def test_image_names_that_cannot_be_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = one_split(
        tmp_path / "evil", "a", image_names=("../../b", *map(str, range(19)))
    )
    with pytest.raises(
        DataError, match=r"the image name '\.\./\.\./b' is not a safe file name"
    ):
        convert([evil], "images", tmp_path / "out")
    # A split of an earlier fewbench may have it.
    monkeypatch.setattr(build, "refuse_equal_names", lambda *_: None)
    twice = one_split(
        tmp_path / "twice", "a", image_names=("b", *map(str, range(18)), "b")
    )
    with pytest.raises(
        DataError, match=r"two images would be written to b\.png of class a"
    ):
        convert([twice], "images", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_class_names_may_have_slashes(bars: dict[str, SplitStore]) -> None:
    check_names(bars["val"], "class", ["Greek/alpha"])
    with pytest.raises(DataError, match="the split name 'a/b' is not a safe file name"):
        check_names(bars["val"], "split", ["a/b"], slash_allowed=False)


def test_every_format_reserves_room_beside_the_pixels() -> None:
    assert set(FORMATS) == {"torchmeta", "cache", "images"}
    assert all(one.overhead > 0 for one in FORMATS.values())

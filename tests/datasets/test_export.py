"""What is converted builds the same dataset again, and other programs read it without fewbench."""

import csv
import io
import json
import logging
import pickle
import signal
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from fewbench.datasets import miniimagenet
from fewbench.datasets.build import build
from fewbench.datasets.export import FORMS, convert
from fewbench.datasets.info import (
    ClassImages,
    DataError,
    DatasetInfo,
    Listing,
    Request,
    SplitCounts,
)
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests import imagenet_archives as world
from fewbench_tests.bars import BARS, draw_class

STEPWISE = """
import sys
from pathlib import Path
from fewbench.datasets.convert import convert
from fewbench.datasets.store import SplitStore

def wait(*_):
    print("step", flush=True)
    sys.stdin.readline()

convert([SplitStore({store!r})], {form!r}, Path({out!r}), wait)
"""


def built(
    info: DatasetInfo, root: Path, source: Path | None = None
) -> dict[str, SplitStore]:
    folder = build(info, root, Request(source)).folder
    return {split: SplitStore(folder / f"{split}.h5") for split in info.splits}


def one_split(
    tmp_path: Path, *names: str, image_names: tuple[str, ...] = ()
) -> SplitStore:
    """A split with classes of these names."""
    image_names = image_names or tuple(f"{i:02d}" for i in range(20))

    def list_classes(_: Request) -> Listing:
        return Listing(
            tuple(
                ClassImages("test", name, image_names, partial(draw_class, "test", c))
                for c, name in enumerate(names)
            )
        )

    counts = {"test": SplitCounts(len(names), 20 * len(names))}
    info = replace(BARS, splits=counts, list_classes=list_classes)
    return built(info, tmp_path / "root")["test"]


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SplitStore]:
    source = world.write_cache(tmp_path_factory.mktemp("cache"))
    return built(world.MINI, tmp_path_factory.mktemp("root"), source)


@pytest.fixture(scope="module")
def tiered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SplitStore]:
    source = world.write_tiered_pickles(tmp_path_factory.mktemp("pickles"))
    return built(world.TIERED, tmp_path_factory.mktemp("root"), source)


@pytest.mark.parametrize("form", FORMS)
def test_miniimagenet_is_the_same_when_it_is_built_from_what_was_converted(
    mini: dict[str, SplitStore], form: str, tmp_path: Path
) -> None:
    convert(list(mini.values()), form, tmp_path / "out")
    again = built(world.MINI, tmp_path / "root", tmp_path / "out")
    for split, store in mini.items():
        assert again[split].fingerprint == store.fingerprint


@pytest.mark.parametrize("form", ["torchmeta", "images"])
def test_tieredimagenet_is_the_same_when_it_is_built_from_what_was_converted(
    tiered: dict[str, SplitStore], form: str, tmp_path: Path
) -> None:
    convert(list(tiered.values()), form, tmp_path / "out")
    again = built(world.TIERED, tmp_path / "root", tmp_path / "out")
    for split, store in tiered.items():
        assert again[split].fingerprint == store.fingerprint


def test_images_keep_the_names_of_ilsvrc_and_torchmeta_the_pixels(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    world.write_class_folders(source, list(world.REN.classes))
    stores = built(world.TIERED, tmp_path / "root", source)
    for form, same in (("images", True), ("torchmeta", False)):
        convert(list(stores.values()), form, tmp_path / form)
        again = built(world.TIERED, tmp_path / f"root of {form}", tmp_path / form)
        for split, store in stores.items():
            assert again[split].pixels_sha256 == store.pixels_sha256
            assert (again[split].fingerprint == store.fingerprint) is same


def test_a_variant_stays_the_variant_that_it_is(tmp_path: Path) -> None:
    """The filter cannot be seen in what is written, so it is noted beside it."""
    source = tmp_path / "source"
    source.mkdir()
    for wnid in world.RAVI.numbers:
        (source / "train" / wnid).mkdir(parents=True)
        for k, name in enumerate(world.file_names(wnid)):
            (source / "train" / wnid / name).write_bytes(world.jpeg(wnid, k, side=120))
    lanczos = replace(
        world.MINI,
        name="miniimagenet-lanczos",
        list_classes=partial(
            miniimagenet.list_classes, resampling="lanczos", ravi=world.RAVI
        ),
    )
    stores = built(lanczos, tmp_path / "root", source)
    convert(list(stores.values()), "torchmeta", tmp_path / "out")
    again = built(lanczos, tmp_path / "again", tmp_path / "out")
    for split, store in stores.items():
        assert again[split].fingerprint == store.fingerprint
        assert again[split].attributes["resampling"] == "lanczos"
    with pytest.raises(
        DataError, match="lanczos.*which cannot be resampled by cv2-linear"
    ):
        built(world.MINI, tmp_path / "other", tmp_path / "out")


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
            found = file["datasets"][label]
            np.testing.assert_array_equal(found[:], mini["test"].read_class(c))


def test_torchmeta_has_pngs_and_words_for_tieredimagenet(
    tiered: dict[str, SplitStore], tmp_path: Path
) -> None:
    convert([tiered["test"]], "torchmeta", tmp_path / "out")
    labels = json.loads((tmp_path / "out" / "test_labels.json").read_text())
    with h5py.File(tmp_path / "out" / "test_data.hdf5") as file:
        assert sorted(file["datasets"]) == sorted(labels)
        for c, wnid in enumerate(tiered["test"].class_names):
            _, category, words = world.REN.classes[wnid]
            assert labels[c] == words
            found = file["datasets"][words]
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
    assert "'/' in class names is written as '_'" in caplog.text
    with h5py.File(tmp_path / "groups" / "test_data.hdf5") as file:
        assert list(file["datasets"]) == ["Greek_character01", "Greek_character02"]
        found = file["datasets"]["Greek_character02"]
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
    assert [row["label"] for row in rows] == [
        n for n in store.class_names for _ in range(20)
    ]
    images = [np.array(Image.open(tmp_path / "out" / row["filename"])) for row in rows]
    np.testing.assert_array_equal(np.stack(images)[..., None], store.images)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["../evil", "/evil", "a/./b", "", "a\\b", "new\nline"])
def test_a_name_that_leads_elsewhere_is_refused(
    tmp_path: Path, form: str, name: str
) -> None:
    store = one_split(tmp_path, "good", name)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="its class name .* is no safe name of a file"):
        convert([store], form, tmp_path / "out" / "deep")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("key", ["dataset", "split"])
def test_a_split_that_leads_elsewhere_is_refused(tmp_path: Path, key: str) -> None:
    store = one_split(tmp_path, "good")
    with h5py.File(store.path, "r+") as file:
        file.attrs[key] = np.bytes_(b"a/b")
    with pytest.raises(
        DataError, match="its dataset or split name 'a/b' is no safe name"
    ):
        convert([SplitStore(store.path)], "cache", tmp_path / "out")


def test_image_names_that_cannot_be_files_are_refused(tmp_path: Path) -> None:
    evil = one_split(
        tmp_path / "evil", "a", image_names=("../../b", *map(str, range(19)))
    )
    with pytest.raises(
        DataError, match=r"its image name '\.\./\.\./b' is no safe name"
    ):
        convert([evil], "images", tmp_path / "out")
    twice = one_split(
        tmp_path / "twice", "a", image_names=("b", *map(str, range(18)), "b")
    )
    with pytest.raises(
        DataError, match=r"two images would be written to b\.png of class a"
    ):
        convert([twice], "images", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_form_names_the_nearest(
    mini: dict[str, SplitStore], tmp_path: Path
) -> None:
    with pytest.raises(
        DataError, match="'torchmata'.*'torchmeta'.*cache, images, torchmeta"
    ):
        convert([mini["val"]], "torchmata", tmp_path / "out")


@pytest.mark.parametrize("kind", ["file", "empty folder", "link to nothing"])
def test_nothing_is_overwritten(
    mini: dict[str, SplitStore], tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    elif kind == "empty folder":
        out.mkdir()
    else:
        out.symlink_to(tmp_path / "nowhere")
    with pytest.raises(
        DataError, match="out: exists, and nothing is overwritten.*--out DIR"
    ):
        convert([mini["val"]], "cache", out)
    assert list(tmp_path.iterdir()) == [out]


def test_what_belongs_not_together_is_refused(
    mini: dict[str, SplitStore], tiered: dict[str, SplitStore], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="splits of one dataset"):
        convert([mini["val"], tiered["test"]], "cache", tmp_path / "out")
    with pytest.raises(DataError, match="named twice"):
        convert([mini["val"], mini["val"]], "cache", tmp_path / "out")


def test_a_place_where_nothing_can_be_written_gets_a_sentence(
    mini: dict[str, SplitStore], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        DataError, match=r"out: cannot be written \(.*file\).*--out DIR"
    ):
        convert([mini["val"]], "cache", tmp_path / "file" / "out")


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_split_is_found_on_the_way_and_nothing_is_kept(
    mini: dict[str, SplitStore], tmp_path: Path, form: str
) -> None:
    data = bytearray(mini["val"].path.read_bytes())
    data[mini["val"].images.offset + 12345] ^= 1  # pyright: ignore[reportAttributeAccessIssue]
    path = tmp_path / "val.h5"
    path.write_bytes(data)
    with pytest.raises(DataError, match="does not match its recorded hash.*--rebuild"):
        convert([SplitStore(path)], form, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["image_names", "class_categories", "class_names"])
def test_a_split_whose_names_do_not_fit_is_refused(tmp_path: Path, damage: str) -> None:
    store = one_split(tmp_path, "a", "b")
    with h5py.File(store.path, "r+") as file:
        if damage in file:
            del file[damage]
        names = [b"a", b"a"] if damage == "class_names" else [b"a"]
        file[damage] = np.array(names, h5py.string_dtype("utf-8", 1))
    with pytest.raises(DataError, match="one name for each image and class"):
        convert([SplitStore(store.path)], "torchmeta", tmp_path / "out")


def test_progress_counts_the_images_of_all_splits(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    seen: list[tuple[str, int, int]] = []
    convert(
        list(bars.values()), "images", tmp_path / "out", lambda *step: seen.append(step)
    )
    assert seen == [("write images", 20 * (c + 1), 520) for c in range(26)]


@pytest.mark.parametrize("form", FORMS)
def test_an_interrupted_conversion_leaves_nothing(
    bars: dict[str, SplitStore], tmp_path: Path, form: str
) -> None:
    def interrupt(_what: str, done: int, _total: int) -> None:
        if done > 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert([bars["test"]], form, tmp_path / "out", interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_killed_conversion_is_not_taken_for_finished(
    bars: dict[str, SplitStore], tmp_path: Path, form: str
) -> None:
    out = tmp_path / "out"
    code = STEPWISE.format(store=str(bars["test"].path), form=form, out=str(out))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(3):
        assert process.stdout.readline() == "step\n"
        process.stdin.write("\n")
        process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    assert [path.suffix for path in tmp_path.iterdir()] == [".partial"]

    first = convert([bars["test"]], form, out)
    second = convert([bars["test"]], form, tmp_path / "second")
    assert contents(first[0].parent) == contents(second[0].parent)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_others_may_read_what_was_converted(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    (tmp_path / "plain").mkdir()
    paths = convert([bars["test"]], "cache", tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert paths[0].name == "bars-cache-test.pkl"


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_gets_a_sentence_before_anything_is_written(
    bars: dict[str, SplitStore], tmp_path: Path, form: str
) -> None:
    """A limit on file sizes fails a write just as a full disk does."""
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    ) + STEPWISE.format(
        store=str(bars["train"].path), form=form, out=str(tmp_path / "out")
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="\n" * 99, capture_output=True, text=True
    )
    assert done.stdout == ""
    sentence = next(line for line in done.stderr.splitlines() if "DataError: " in line)
    assert f"{tmp_path}: expected room for 0.00 GB" in sentence
    assert "Free some space, or name another folder: --out DIR" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_memory_holds_one_class_and_not_the_split(tmp_path: Path, form: str) -> None:
    def read(c: int) -> np.ndarray:
        return np.random.default_rng(c).integers(
            0, 256, (20, 84, 84, 3), dtype=np.uint8
        )

    def list_classes(_: Request) -> Listing:
        names = tuple(f"{i:02d}" for i in range(20))
        return Listing(
            tuple(
                ClassImages("test", f"{c:02d}", names, partial(read, c))
                for c in range(30)
            )
        )

    counts = {"test": SplitCounts(30, 600)}
    info = replace(
        BARS, image_shape=(84, 84, 3), splits=counts, list_classes=list_classes
    )
    store = built(info, tmp_path / "root")["test"]
    split_bytes = 600 * 84 * 84 * 3
    tracemalloc.start()
    try:
        convert([store], form, tmp_path / "out")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < split_bytes / 6

"""What is converted builds the same dataset again, and other programs read it without fewbench."""

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

from fewbench.datasets import miniimagenet
from fewbench.datasets.export import convert
from fewbench.datasets.export_formats import FORMATS
from fewbench.datasets.info import (
    ClassImages,
    DataError,
    Listing,
    Request,
    SplitCounts,
)
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests import imagenet_archives as world
from fewbench_tests.bars import BARS
from fewbench_tests.exports import built, one_split
from fewbench_tests.progress import SeenProgress

STEPWISE = """
import sys
from pathlib import Path
from fewbench.datasets.export import convert
from fewbench.datasets.store.split_store import SplitStore

def wait(*_):
    print("step", flush=True)
    sys.stdin.readline()

convert([SplitStore({store!r})], {format_name!r}, Path({out!r}), wait)
"""


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SplitStore]:
    source = world.write_cache(tmp_path_factory.mktemp("cache"))
    return built(world.MINI, tmp_path_factory.mktemp("root"), source)


@pytest.fixture(scope="module")
def tiered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SplitStore]:
    source = world.write_tiered_pickles(tmp_path_factory.mktemp("pickles"))
    return built(world.TIERED, tmp_path_factory.mktemp("root"), source)


@pytest.mark.parametrize("format_name", FORMATS)
def test_miniimagenet_is_the_same_when_it_is_built_from_what_was_converted(
    mini: dict[str, SplitStore], format_name: str, tmp_path: Path
) -> None:
    convert(list(mini.values()), format_name, tmp_path / "out")
    again = built(world.MINI, tmp_path / "root", tmp_path / "out")
    for split, store in mini.items():
        assert again[split].fingerprint == store.fingerprint


@pytest.mark.parametrize("format_name", ["torchmeta", "images"])
def test_tieredimagenet_is_the_same_when_it_is_built_from_what_was_converted(
    tiered: dict[str, SplitStore], format_name: str, tmp_path: Path
) -> None:
    convert(list(tiered.values()), format_name, tmp_path / "out")
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
    for format_name, same in (("images", True), ("torchmeta", False)):
        convert(list(stores.values()), format_name, tmp_path / format_name)
        again = built(
            world.TIERED, tmp_path / f"root of {format_name}", tmp_path / format_name
        )
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
    with pytest.raises(DataError, match="lanczos.*cannot be resampled by cv2-linear"):
        built(world.MINI, tmp_path / "other", tmp_path / "out")


def test_an_unknown_format_names_the_nearest(
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
        DataError, match="out: already exists, and is not overwritten.*--out DIR"
    ):
        convert([mini["val"]], "cache", out)
    assert list(tmp_path.iterdir()) == [out]


def test_what_belongs_not_together_is_refused(
    mini: dict[str, SplitStore], tiered: dict[str, SplitStore], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="only splits of one dataset"):
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


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_damaged_split_is_found_on_the_way_and_nothing_is_kept(
    mini: dict[str, SplitStore], tmp_path: Path, format_name: str
) -> None:
    data = bytearray(mini["val"].path.read_bytes())
    data[mini["val"].images.offset + 12345] ^= 1  # pyright: ignore[reportAttributeAccessIssue]
    path = tmp_path / "val.h5"
    path.write_bytes(data)
    with pytest.raises(DataError, match="does not match its recorded hash.*--rebuild"):
        convert([SplitStore(path)], format_name, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["image_names", "class_categories", "class_names"])
def test_a_split_whose_names_do_not_fit_is_refused(tmp_path: Path, damage: str) -> None:
    store = one_split(tmp_path, "a", "b")
    with h5py.File(store.path, "r+") as file:
        if damage in file:
            del file[damage]
        names = [b"a", b"a"] if damage == "class_names" else [b"a"]
        file[damage] = np.array(names, h5py.string_dtype("utf-8", 1))
    with pytest.raises(DataError, match="a name for each image and a different name"):
        convert([SplitStore(store.path)], "torchmeta", tmp_path / "out")


def test_progress_counts_the_images_of_all_splits(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    seen = SeenProgress()
    convert(list(bars.values()), "images", tmp_path / "out", seen)
    assert seen.steps == [("write images", 20 * (c + 1), 520) for c in range(26)]


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_interrupted_conversion_leaves_nothing(
    bars: dict[str, SplitStore], tmp_path: Path, format_name: str
) -> None:
    def interrupt(stage: str, done: int, total: int, remark: str = "") -> None:
        if done > 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert([bars["test"]], format_name, tmp_path / "out", interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_killed_conversion_is_not_taken_for_finished(
    bars: dict[str, SplitStore], tmp_path: Path, format_name: str
) -> None:
    out = tmp_path / "out"
    code = STEPWISE.format(
        store=str(bars["test"].path), format_name=format_name, out=str(out)
    )
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
    left = [path for path in tmp_path.iterdir() if path.name != ".out.lock"]
    assert [path.suffix for path in left] == [".partial"]

    first = convert([bars["test"]], format_name, out)
    second = convert([bars["test"]], format_name, tmp_path / "second")
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


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_full_disk_gets_a_sentence_before_anything_is_written(
    bars: dict[str, SplitStore], tmp_path: Path, format_name: str
) -> None:
    """A limit on file sizes fails a write just as a full disk does."""
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    ) + STEPWISE.format(
        store=str(bars["train"].path),
        format_name=format_name,
        out=str(tmp_path / "out"),
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="\n" * 99, capture_output=True, text=True
    )
    assert done.stdout == ""
    sentence = next(line for line in done.stderr.splitlines() if "DataError: " in line)
    assert f"{tmp_path}: too little space: the export needs 0.00 GB" in sentence
    assert "Free some space, or choose another folder: --out DIR" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_name", FORMATS)
def test_memory_holds_one_class_and_not_the_split(
    tmp_path: Path, format_name: str
) -> None:
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
        convert([store], format_name, tmp_path / "out")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < split_bytes / 6

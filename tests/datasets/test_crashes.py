"""Whatever ends a build, nothing half-written is taken for finished, and the next run completes it
with the same content."""

import json
import os
import random
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import open_split, verify
from fewbench.datasets.store.split_file import pixels_offset
from fewbench_tests import imagenet_archives as world
from fewbench_tests.small_disks import small_disk
from fewbench_tests.stoppable_builds import INFOS, StoppableBuild

MINI, TIERED = list(world.RAVI.numbers), list(world.REN.classes)
# Kills at random moments. tests/heavy/test_many_kills.py asks for more.
N_KILLS = int(os.environ.get("FEWBENCH_TEST_KILLS", "3"))
# The places in a file that are damaged lie twice as far apart when few kills are asked for.
SPARSE = 2 if N_KILLS == 3 else 1
N_CLASSES = {"mini": len(MINI), "tiered": len(TIERED)}
LAYOUTS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "tar of tars": ("mini", partial(world.write_tar_of_tars, wnids=MINI)),
    "images in zip": (
        "mini",
        lambda path: world.pack(world.write_named_images(path), "i.zip"),
    ),
    "class folders": ("tiered", partial(world.write_class_folders, wnids=TIERED)),
    "pickles": ("tiered", world.write_tiered_pickles),
}


class World:
    """A source, and what an undisturbed build of it gives."""

    def __init__(self, dataset: str, source: Path, root: Path) -> None:
        self.dataset = dataset
        self.info = INFOS[dataset]
        self.source = source
        self.splits = build(self.info, root, Request(source)).manifest["splits"]
        start = time.monotonic()
        build(self.info, root, Request(source), rebuild=True)
        self.seconds = time.monotonic() - start

    def start(self, root: Path, **options: Any) -> StoppableBuild:
        return StoppableBuild(self.dataset, self.source, root, **options)

    def complete(self, root: Path, *, rebuild: bool = False) -> None:
        """Build, and check that it is as the undisturbed one and leaves nothing beside it."""
        built = build(self.info, root, Request(self.source), rebuild=rebuild)
        assert built.manifest["splits"] == self.splits
        verify(self.info, root)
        name = self.info.name
        # A build that was killed at its very end leaves a free lock.
        left = {path.name for path in root.iterdir()}
        assert left - {f".{name}.lock"} == {name}

    def check_whole_or_absent(self, root: Path) -> None:
        if (root / self.info.name).exists():
            assert verify(self.info, root) == hashes(self)


def hashes(one: World) -> dict[str, str]:
    return {split: facts["content_sha256"] for split, facts in one.splits.items()}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    def made(layout: str) -> World:
        dataset, write = LAYOUTS[layout]
        (folder := tmp_path_factory.mktemp("layout") / "source").mkdir()
        return World(dataset, write(folder), folder.parent / "root")

    return {layout: made(layout) for layout in LAYOUTS}


# Killed


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_build_killed_at_any_moment_is_completed_by_the_next(
    tmp_path: Path, worlds: dict[str, World], layout: str
) -> None:
    one, draw = worlds[layout], random.Random(layout)
    for i in range(N_KILLS):
        root = tmp_path / str(i)
        running = one.start(root)
        time.sleep(draw.uniform(0, 1.2 * one.seconds))
        running.kill()
        one.check_whole_or_absent(root)
        one.complete(root)


# Other layouts are killed as often where there is more time: tests/heavy/test_many_kills.py.
@pytest.mark.parametrize("layout", LAYOUTS if SPARSE == 1 else ["pickles"])
def test_a_build_killed_again_and_again_is_completed_at_last(
    tmp_path: Path, worlds: dict[str, World], layout: str
) -> None:
    one, draw = worlds[layout], random.Random(layout)
    kills = 0
    while not (tmp_path / one.info.name).exists():
        running = one.start(tmp_path)
        # Later ones get a little more time: the machine may be busier than it was.
        time.sleep(draw.uniform(0, one.seconds * (0.6 + kills / 20)))
        running.kill()
        kills += 1
    one.complete(tmp_path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_build_killed_after_each_class_goes_on_from_there(
    tmp_path: Path, worlds: dict[str, World], layout: str
) -> None:
    one = worlds[layout]
    for n_classes in range(1, N_CLASSES[one.dataset] + 1):
        running = one.start(tmp_path, stepwise=True)
        for _ in range(n_classes - 1):
            assert running.step()
            running.go_on()
        assert running.step()
        running.kill()
        assert not (tmp_path / one.info.name).exists()
        journal = (tmp_path / f"{one.info.name}.partial" / "journal.jsonl").read_text()
        noted = [json.loads(line) for line in journal.splitlines()[1:]]
        assert len([name for _, name, *_ in noted if name]) == n_classes
    one.complete(tmp_path)


@pytest.mark.parametrize("layout", ["images in zip", "pickles"])
def test_a_killed_rebuild_leaves_the_old_build_or_the_new(
    tmp_path: Path, worlds: dict[str, World], layout: str
) -> None:
    one, draw = worlds[layout], random.Random(layout)
    one.complete(tmp_path)
    for _ in range(N_KILLS):
        running = one.start(tmp_path, rebuild=True)
        time.sleep(draw.uniform(0, 1.2 * one.seconds))
        running.kill()
        if (tmp_path / one.info.name).exists():
            assert verify(one.info, tmp_path).keys() == one.splits.keys()
        else:  # killed between the two renames, which keep both builds
            kept = {path.name for path in tmp_path.iterdir()}
            assert f"{one.info.name}.partial" in kept
            assert f"{one.info.name}.old.partial" in kept
            one.complete(tmp_path)
    one.complete(tmp_path, rebuild=True)


def test_damage_in_the_frame_of_an_unfinished_build_does_no_harm(
    tmp_path: Path, worlds: dict[str, World]
) -> None:
    """As when the power fails: names and headers are not what the journal believes."""
    one = worlds["tar of tars"]
    running = one.start(tmp_path / "stopped", stepwise=True)
    for _ in range(3):
        assert running.step()
        running.go_on()
    assert running.step()
    running.kill()
    file = Path(f"{one.info.name}.partial") / "train.h5"
    whole = (tmp_path / "stopped" / file).read_bytes()
    for place in range(0, pixels_offset(tmp_path / "stopped" / file), 300 * SPARSE):
        root = tmp_path / str(place)
        shutil.copytree(tmp_path / "stopped", root)
        (root / file).write_bytes(whole[:place] + b"\xff\0" * 4 + whole[place + 8 :])
        one.complete(root)
        shutil.rmtree(root)


def test_damage_in_the_frame_of_a_finished_build_is_found(
    tmp_path: Path, worlds: dict[str, World]
) -> None:
    """HDF5 must not hang or crash on it, as it does where strings lie in its global heap."""
    one = worlds["class folders"]
    one.complete(tmp_path)
    path = tmp_path / one.info.name / "val.h5"
    whole = path.read_bytes()
    found: list[str] = []
    for place in range(0, pixels_offset(path), 80 * SPARSE):
        path.write_bytes(whole[:place] + bytes(8) + whole[place + 8 :])
        try:
            assert verify(one.info, tmp_path) == hashes(one)
        except DataError as error:
            found.append(str(error))
    assert len(found) > 5
    assert all("val.h5" in text for text in found)


# The source


@contextmanager
def away(source: Path) -> Iterator[None]:
    """Without the source, as when a disk is pulled."""
    elsewhere = source.with_name("elsewhere")
    source.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(source)


@pytest.mark.parametrize("n_classes", [1, 5, 11])
def test_a_folder_that_goes_away_is_said_and_gone_on_with_when_it_returns(
    tmp_path: Path, worlds: dict[str, World], n_classes: int
) -> None:
    one = worlds["class folders"]
    running = one.start(tmp_path, stepwise=True)
    for _ in range(n_classes - 1):
        assert running.step()
        running.go_on()
    assert running.step()
    with away(one.source):
        running.go_on()
        text = running.result()
        assert f"{one.source}: cannot read" in text
        assert f"{n_classes} finished classes are kept in" in text
        with pytest.raises(
            DataError, match=r"source: cannot open.*: expected a folder.* got nothing"
        ):
            build(one.info, tmp_path, Request(one.source))
        assert not (tmp_path / one.info.name).exists()
    one.complete(tmp_path)


@pytest.mark.parametrize("layout", ["tar of tars", "images in zip", "pickles"])
def test_an_archive_that_is_cut_while_it_is_read_is_said(
    tmp_path: Path, worlds: dict[str, World], layout: str
) -> None:
    one = worlds[layout]
    running = one.start(tmp_path, stepwise=True)
    assert running.step()
    files = [one.source] if one.source.is_file() else sorted(one.source.iterdir())
    whole = {path: path.read_bytes() for path in files}
    for path in files:
        os.truncate(path, 1000)
    running.go_on()
    text = running.result()
    assert "more bytes, got the end of the file" in text
    with pytest.raises(DataError):
        build(one.info, tmp_path, Request(one.source))
    for path, data in whole.items():
        path.write_bytes(data)
    one.complete(tmp_path)


def test_an_archive_that_is_removed_while_it_is_read_is_read_to_its_end(
    tmp_path: Path, worlds: dict[str, World]
) -> None:
    one = worlds["images in zip"]
    running = one.start(tmp_path, stepwise=True)
    assert running.step()
    with away(one.source):
        running.go_on()
        assert running.result() == "built"
    one.complete(tmp_path)


# The disk


@pytest.mark.parametrize("limit", [100, 90_000, 200_000])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_limit_on_files_gets_a_sentence(
    tmp_path: Path, worlds: dict[str, World], layout: str, limit: int
) -> None:
    """It fails a write just as a full disk does."""
    one = worlds[layout]
    text = one.start(tmp_path, limit=limit).result()
    assert re.search("cannot write there|cannot unpack", text)
    assert "File too large" in text
    assert [path.name for path in tmp_path.iterdir()] == []
    one.complete(tmp_path)


@pytest.mark.parametrize("size", ["16k", "128k", "512k"])
@pytest.mark.parametrize("layout", ["images in zip", "pickles"])
def test_a_small_disk_gets_a_sentence(
    tmp_path: Path, worlds: dict[str, World], layout: str, size: str
) -> None:
    one = worlds[layout]
    with small_disk(tmp_path / "disk", size) as remount:
        root = tmp_path / "disk" / "root"
        text = one.start(root).result()
        assert f"{root}: cannot write there (No space left on device)" in text
        assert [path.name for path in root.iterdir()] == []
        remount("size=64m")
        one.complete(root)


def fill(disk: Path, spare: int) -> None:
    """Leave `spare` bytes of a disk free."""
    with suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(disk / "filling", (disk / "filling").stat().st_size - spare)


@pytest.mark.parametrize("spare", [0, 4096, 16384])
@pytest.mark.parametrize("n_classes", [1, 3, 4, 7])
def test_a_disk_that_fills_up_meanwhile_gets_a_sentence(
    tmp_path: Path, worlds: dict[str, World], n_classes: int, spare: int
) -> None:
    one = worlds["tar of tars"]
    with small_disk(tmp_path / "disk", "8m"):
        root = tmp_path / "disk" / "root"
        running = one.start(root, stepwise=True)
        for _ in range(n_classes - 1):
            assert running.step()
            running.go_on()
        assert running.step()
        fill(tmp_path / "disk", spare)
        running.go_on()
        text = running.result()
        if text != "built":
            assert f"{root}: cannot write there (No space left on device)" in text
            assert "finished classes are kept in" in text
        (tmp_path / "disk" / "filling").unlink()
        one.complete(root)


def test_a_disk_that_takes_no_writes_gets_a_sentence(
    tmp_path: Path, worlds: dict[str, World]
) -> None:
    one = worlds["pickles"]
    with small_disk(tmp_path / "disk", "64m") as remount:
        root = tmp_path / "disk" / "root"
        remount("ro")
        text = one.start(root).result()
        assert f"{root}: cannot write there (Read-only file system)" in text
        remount("rw")
        one.complete(root)
        remount("ro")
        assert one.start(root).result() == "built"  # it is there already
        assert "Read-only file system" in one.start(root, rebuild=True).result()
        one.check_whole_or_absent(root)


# Others at the same time


@pytest.mark.parametrize("layout", ["images in zip", "pickles"])
@pytest.mark.parametrize("rebuild", [False, True])
def test_builds_at_the_same_time_do_not_mix(
    tmp_path: Path, worlds: dict[str, World], layout: str, rebuild: bool
) -> None:
    one = worlds[layout]
    for _ in range(2):
        answers = [
            run.result()
            for run in [one.start(tmp_path, rebuild=rebuild) for _ in range(4)]
        ]
        refused = [text for text in answers if text != "built"]
        assert len(refused) < 4
        assert all(
            f"another process is building {one.info.name} in" in text
            for text in refused
        )
        one.complete(tmp_path)


def test_a_waiting_build_keeps_others_out_until_it_is_killed(
    tmp_path: Path, worlds: dict[str, World]
) -> None:
    one = worlds["images in zip"]
    running = one.start(tmp_path, stepwise=True)
    assert running.step()
    assert "another process is building" in one.start(tmp_path).result()
    assert "another process is building" in one.start(tmp_path, rebuild=True).result()
    running.kill()
    one.complete(tmp_path)


@pytest.fixture
def other(tmp_path: Path, worlds: dict[str, World]) -> World:
    """The same images with another picture in each class, so that its hashes differ."""
    source = tmp_path / "source" / "other"
    shutil.copytree(worlds["class folders"].source, source)
    for wnid in TIERED:
        (source / "train" / wnid / world.file_names(wnid)[0]).write_bytes(
            world.jpeg(wnid, 4)
        )
    return World("tiered", source, tmp_path / "other")


def test_a_reader_meets_a_whole_build_whenever_a_rebuild_is_stopped(
    tmp_path: Path, worlds: dict[str, World], other: World
) -> None:
    """It reads before each step by which the rebuild changes names.

    Only between the two renames there is no build, and the reader is told so.
    """
    old, root = worlds["class folders"], tmp_path / "root"
    old.complete(root)
    met: list[tuple[str, str]] = []
    gaps: list[str] = []
    reading = threading.local()

    def read_before(event: str, args: tuple[Any, ...]) -> None:
        watched = event in ("os.rename", "os.rmdir", "os.remove") and str(root) in str(
            args[0]
        )
        if active and watched and not getattr(reading, "now", False):
            reading.now = True
            try:
                store = open_split(old.info, root, "test")
                store.verify()
                met.append((event, store.fingerprint))
            except DataError as error:
                gaps.append(str(error))
            reading.now = False

    active = True
    sys.addaudithook(read_before)
    try:
        build(old.info, root, Request(other.source), rebuild=True)
    finally:
        active = False  # a hook stays for ever
    assert {fingerprint for _, fingerprint in met} <= {
        hashes(old)["test"],
        hashes(other)["test"],
    }
    assert met
    assert len(gaps) == 1
    assert "is not built in" in gaps[0]
    assert verify(old.info, root) == hashes(other)


@contextmanager
def suppress_replaced() -> Iterator[None]:
    """Pass over what a reader is told when its build is being replaced."""
    try:
        yield
    except DataError as error:
        told = str(error)
        if not re.search("was replaced or changed|is not built|no such", told):
            raise


def test_readers_meet_whole_builds_while_others_replace_them(
    tmp_path: Path, worlds: dict[str, World], other: World
) -> None:
    old, root = worlds["class folders"], tmp_path / "root"
    old.complete(root)
    met: set[str] = set()
    for one in (other, old, other):
        running = one.start(root, rebuild=True)
        while running.process.is_alive():
            with suppress_replaced():
                store = open_split(old.info, root, "val")
                met.add(store.fingerprint)
                store.verify()
        assert running.result() == "built"
    assert met == {hashes(old)["val"], hashes(other)["val"]}


def test_a_store_that_was_opened_before_a_rebuild_shows_the_old_build_or_says_so(
    tmp_path: Path, worlds: dict[str, World], other: World
) -> None:
    old, root = worlds["class folders"], tmp_path / "root"
    old.complete(root)
    mapped, opened = (
        open_split(old.info, root, "test"),
        open_split(old.info, root, "test"),
    )
    before = mapped.images
    pixels = before.copy()
    build(old.info, root, Request(other.source), rebuild=True)
    np.testing.assert_array_equal(mapped.images, pixels)
    for read in (
        lambda: opened.images,
        lambda: opened.read_class(0),
        lambda: opened.image_names,
    ):
        with pytest.raises(DataError, match=r"test\.h5: was replaced or changed"):
            read()
    open_split(old.info, root, "test").verify()

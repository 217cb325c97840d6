import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import (
    ClassImages,
    DataError,
    DatasetInfo,
    Listing,
    Request,
    Source,
)
from fewbench.datasets.root import open_split, verify
from fewbench.datasets.store.manifest import read_manifest
from fewbench.datasets.store.split_file import pixels_offset
from fewbench.locks import Busy
from fewbench_tests.bars import BARS, SPLIT_CLASSES
from fewbench_tests.paths import SUPPORT
from fewbench_tests.stoppable_builds import StoppableBuild

# Builds `bars` and waits for a line on stdin before each step: a test decides where it is.
# A shell makes its background jobs, and all that they start, deaf to Ctrl-C.
STEPWISE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {support!r})
from dataclasses import replace
from pathlib import Path
from fewbench_tests.bars import BARS
from fewbench.datasets.build import build
from fewbench.datasets.info import Request, Source

def wait(*_):
    print("step", flush=True)
    sys.stdin.readline()

info = replace(BARS, sources=(Source("bars.zip"),))
build(info, Path({root!r}), Request(Path(".")), progress=wait)
"""
EXTERNAL = replace(BARS, sources=(Source("bars.zip"),))
N_STEPS = sum(SPLIT_CLASSES.values())


@pytest.fixture(scope="module")
def splits(bars_root: Path) -> dict[str, dict]:
    """What the manifest of an undisturbed build says of each split."""
    return build(BARS, bars_root).manifest["splits"]


def stopped_build(root: Path, steps: int) -> StoppableBuild:
    """A build in a process of its own that has written `steps` classes and waits."""
    running = StoppableBuild("bars", Path("."), root, stepwise=True)
    for _ in range(steps - 1):
        assert running.step()
        running.go_on()
    assert running.step()
    return running


def test_a_build_writes_every_split_and_a_manifest(tmp_path: Path) -> None:
    built = build(BARS, tmp_path)

    assert not built.already_built
    assert sorted(path.name for path in built.folder.iterdir()) == [
        "manifest.json",
        "test.h5",
        "train.h5",
        "val.h5",
    ]
    assert built.manifest["splits"]["test"]["n_images"] == 160
    assert built.manifest["checks"] == ["drawn by the tests"]
    assert (built.folder / "manifest.json").read_text().endswith("}\n")
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_a_second_build_touches_nothing(tmp_path: Path) -> None:
    first = build(BARS, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    second = build(BARS, tmp_path)

    assert second.already_built
    assert second.manifest == first.manifest
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == times


def test_a_rebuild_mends_a_damaged_build(tmp_path: Path) -> None:
    built = build(BARS, tmp_path)
    path = built.folder / "val.h5"
    data = bytearray(path.read_bytes())
    data[pixels_offset(path) + 1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"val\.h5: the content does not match"):
        verify(BARS, tmp_path)

    again = build(BARS, tmp_path, rebuild=True)
    assert again.manifest["splits"] == built.manifest["splits"]
    assert (
        verify(BARS, tmp_path)["val"]
        == built.manifest["splits"]["val"]["content_sha256"]
    )


@pytest.mark.parametrize("steps", [1, 2, 12, 13, 18, 19, N_STEPS - 1, N_STEPS])
def test_a_killed_build_leaves_nothing_that_is_taken_for_finished(
    tmp_path: Path, splits: dict[str, dict], steps: int
) -> None:
    stopped_build(tmp_path, steps).kill()

    assert read_manifest(tmp_path / "bars") is None
    assert not (tmp_path / "bars").exists()
    completed = build(BARS, tmp_path)
    assert not completed.already_built
    assert completed.manifest["splits"] == splits
    verify(BARS, tmp_path)


def test_an_interrupted_build_says_what_it_keeps(tmp_path: Path) -> None:
    code = STEPWISE.format(support=str(SUPPORT), root=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n" * 14)
    process.stdin.flush()
    for _ in range(15):
        assert process.stdout.readline() == "step\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert "15 finished classes are kept in" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bars.partial",
    ]


def counting(reads: list[str]) -> DatasetInfo:
    """BARS that notes which classes are read from the source."""

    def read(one: ClassImages) -> np.ndarray:
        reads.append(one.name)
        return one.read()

    def list_classes(request: Request) -> Listing:
        listing = BARS.list_classes(request)
        return replace(
            listing,
            classes=tuple(
                replace(one, read=partial(read, one)) for one in listing.classes
            ),
        )

    return replace(EXTERNAL, list_classes=list_classes)


@pytest.mark.parametrize("steps", [1, 12, 13, 25])
def test_the_next_run_goes_on_from_the_last_finished_class(
    tmp_path: Path, splits: dict[str, dict], steps: int
) -> None:
    stopped_build(tmp_path, steps).kill()
    reads: list[str] = []
    completed = build(counting(reads), tmp_path, Request(tmp_path))
    assert len(reads) == N_STEPS - steps
    assert completed.manifest["splits"] == splits


def test_a_class_that_does_not_read_back_as_noted_is_written_again(
    tmp_path: Path, splits: dict[str, dict]
) -> None:
    stopped_build(tmp_path, 15).kill()
    path = tmp_path / "bars.partial" / "val.h5"
    data = bytearray(path.read_bytes())
    data[pixels_offset(path) + 5] ^= 1  # in the first class of val, which was finished
    path.write_bytes(data)
    reads: list[str] = []
    completed = build(counting(reads), tmp_path, Request(tmp_path))
    assert reads.count("val-00") == 1
    assert completed.manifest["splits"] == splits


def test_a_build_is_never_continued_from_another_source(tmp_path: Path) -> None:
    stopped_build(tmp_path, 15).kill()
    reads: list[str] = []
    info = counting(reads)
    stamped = replace(
        info,
        list_classes=lambda request: replace(
            info.list_classes(request), stamp="changed"
        ),
    )
    build(stamped, tmp_path, Request(tmp_path))
    assert len(reads) == N_STEPS


@pytest.mark.parametrize("name", ["train.h5", "journal.jsonl"])
@pytest.mark.parametrize("place", [0, 300, 2000])
def test_a_damaged_unfinished_build_does_no_harm(
    tmp_path: Path, splits: dict[str, dict], name: str, place: int
) -> None:
    stopped_build(tmp_path, 15).kill()
    path = tmp_path / "bars.partial" / name
    data = bytearray(path.read_bytes())
    data[min(place, len(data) - 1)] ^= 0x55
    path.write_bytes(data)
    completed = build(EXTERNAL, tmp_path, Request(tmp_path))
    assert completed.manifest["splits"] == splits


def test_incomplete_data_build_a_partial_dataset_when_allowed(tmp_path: Path) -> None:
    def less(request: Request) -> Listing:
        listing = BARS.list_classes(request)
        return replace(
            listing, classes=tuple(c for c in listing.classes[1:] if c.split != "val")
        )

    info = replace(EXTERNAL, list_classes=less)
    built = build(info, tmp_path, Request(tmp_path, allow_missing=True))
    assert built.manifest["partial"]
    assert list(built.manifest["splits"]) == ["train", "test"]
    assert any("val: expected 6 classes" in check for check in built.manifest["checks"])
    assert open_split(info, tmp_path, "train").partial
    assert verify(info, tmp_path).keys() == {"train", "test"}
    with pytest.raises(DataError, match="holds a partial build.*--rebuild"):
        build(EXTERNAL, tmp_path, Request(tmp_path))
    whole = build(
        EXTERNAL, tmp_path, Request(tmp_path, allow_missing=True), rebuild=True
    )
    assert not whole.manifest["partial"]


def test_two_builds_at_once_do_not_mix(tmp_path: Path) -> None:
    running = stopped_build(tmp_path, 3)
    with pytest.raises(Busy, match="another process is building bars"):
        build(EXTERNAL, tmp_path, Request(tmp_path))
    running.go_on()
    assert running.result() == "built"
    assert build(EXTERNAL, tmp_path).already_built
    verify(BARS, tmp_path)


def test_a_second_first_use_of_an_embedded_dataset_waits(tmp_path: Path) -> None:
    running = stopped_build(tmp_path, 3)
    second = threading.Thread(target=build, args=(BARS, tmp_path))
    second.start()
    running.go_on()
    assert running.result() == "built"
    second.join(timeout=60)
    assert not second.is_alive()
    verify(BARS, tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_finished_build_is_used_where_nothing_can_be_written(tmp_path: Path) -> None:
    build(BARS, tmp_path)
    tmp_path.chmod(0o500)
    try:
        assert build(BARS, tmp_path).already_built
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_gets_a_sentence_and_nothing_is_kept(tmp_path: Path) -> None:
    """A limit on file sizes fails a write just as a full disk does."""
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    ) + STEPWISE.format(support=str(SUPPORT), root=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="\n" * N_STEPS,
        capture_output=True,
        text=True,
    )

    sentence = next(line for line in done.stderr.splitlines() if "DataError: " in line)
    assert "cannot write there (File too large). An unfinished build is" in sentence
    assert "--root DIR" in sentence
    assert [path.name for path in tmp_path.iterdir()] == []


def test_incomplete_data_are_refused_with_the_counts(tmp_path: Path) -> None:
    def one_class_less(request: Request) -> Listing:
        return replace(
            listing := BARS.list_classes(request), classes=listing.classes[1:]
        )

    with pytest.raises(
        DataError, match="expected 12 classes and 240 images, found 11 classes and 220"
    ):
        build(replace(BARS, list_classes=one_class_less), tmp_path)
    assert not (tmp_path / "bars").exists()


def test_a_damaged_or_newer_manifest_is_refused(tmp_path: Path) -> None:
    path = build(BARS, tmp_path).folder / "manifest.json"
    newer = json.loads(path.read_text()) | {"schema_version": 99}
    path.write_text(json.dumps(newer))
    with pytest.raises(DataError, match="newer fewbench.*upgrade"):
        build(BARS, tmp_path)
    path.write_text("[]")
    with pytest.raises(DataError, match="not a manifest"):
        build(BARS, tmp_path)
    path.write_text("{")
    with pytest.raises(DataError, match="--rebuild"):
        build(BARS, tmp_path)
    assert not build(BARS, tmp_path, rebuild=True).already_built

"""A pipe in the place of a file is refused at once, and is never waited for."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import torch

import fewbench
from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.evaluation.feature_rows import FeaturePath, FeatureRows
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_facts import RunFacts
from fewbench.baselines.run_folder import LAST, RunFolder
from fewbench.baselines.weights.tensor_file import read_tensor_file
from fewbench.benchmark.board.folder import BoardFolder
from fewbench.benchmark.board.log import read_log as read_board_log
from fewbench.benchmark.cluster.answers_file import read_answers
from fewbench.benchmark.cluster.grid_file import read_grid
from fewbench.benchmark.cluster.grid_folder import RECORD, read_record
from fewbench.benchmark.cluster.log import read_log
from fewbench.benchmark.feature_file import NAME, read_feature_file
from fewbench.benchmark.guard.history import read_nights
from fewbench.benchmark.guard.references.find_references import find_references
from fewbench.benchmark.guard.references.reference_file import FILE_NAME
from fewbench.benchmark.learning_curves import read_history
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.episode_reader import read_episodes
from fewbench.benchmark.submission.bundle_bytes import bundle_sha256
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.pack import pack_submission
from fewbench.benchmark.submission.verdict import load_verdict
from fewbench.datasets.downloads.fetch import fetch
from fewbench.datasets.downloads.partial_file import PartialFile
from fewbench.datasets.info import Request, Source
from fewbench.datasets.layouts.source_files import open_source
from fewbench.datasets.store.journal import Journal
from fewbench.datasets.store.manifest import read_manifest
from fewbench.datasets.store.split_store import SplitStore
from fewbench.errors import UserError
from fewbench.files import file_digest, write_text
from fewbench.locks import exclusive
from fewbench.npz import array_kind
from fewbench.reports.result_files import save_result
from fewbench_tests.honest_results import build_honest

if not hasattr(os, "mkfifo"):
    pytest.skip("this system has no pipes with names", allow_module_level=True)

_SECONDS = 5
STEM = "glyphs-5w1s__x__seed0"


@contextmanager
def never_waited_for(pipe: Path) -> Iterator[None]:
    """Make a pipe. Fail if somebody opens it and waits for the other end."""
    os.mkfifo(pipe)
    waited = threading.Event()
    done = threading.Event()

    def release() -> None:
        # Both ends are opened again and again, since the reader may open it again too.
        done.wait(_SECONDS)
        while not done.is_set():
            waited.set()
            for flag in (os.O_RDONLY, os.O_WRONLY):
                with suppress(OSError):
                    os.close(os.open(pipe, flag | os.O_NONBLOCK))

    thread = threading.Thread(target=release)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not waited.is_set(), f"{pipe.name} was waited for"


def result_arrays(folder: Path) -> object:
    return fewbench.load_results(folder)


def learner(folder: Path) -> object:
    return load_learner(str(folder), torch.device("cpu"))


def run_folder(folder: Path) -> object:
    facts = RunFacts(load_recipe("protonet-glyphs"), (28, 28, 1), ["a"], "cpu")
    return RunFolder(folder, facts).load()


def answers(folder: Path) -> object:
    return read_answers(folder / "a.npz", find_protocol("glyphs-5w1s"), 0, 2)


def source_file(folder: Path) -> object:
    return open_source(Request(folder / "a.npz")).files


def source_folder(folder: Path) -> object:
    return open_source(Request(folder)).files


def download(folder: Path) -> object:
    return fetch(Source("a.zip", md5="0" * 32), folder, offline=True)


def checksum_file(folder: Path) -> object:
    (folder / "a.zip").write_bytes(b"PK")
    return fetch(Source("a.zip"), folder, offline=True)


def partial_download(folder: Path) -> object:
    return PartialFile(folder / "a").begin(PartialFile(folder / "a").origin())


def packed_card(folder: Path) -> object:
    return pack_submission([], folder / "card.toml", folder / "a.fewbench.zip")


def lock(folder: Path) -> None:
    with exclusive(folder / ".lock", "testing"):
        pass


def journal(folder: Path) -> None:
    Journal.resume(folder, "x").add("train", "a", "b")


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "result": (f"{STEM}.json", fewbench.load_results),
    "episodes": ("e.npz", lambda folder: read_episodes(folder / "e.npz")),
    "kind of an array": ("e.npz", lambda folder: array_kind(folder / "e.npz", "a")),
    "digest": ("a", lambda folder: file_digest(folder / "a", "sha256")),
    "manifest": ("manifest.json", read_manifest),
    "split": ("test.h5", lambda folder: SplitStore(folder / "test.h5")),
    "journal": ("journal.jsonl", journal),
    "best checkpoint": ("best.safetensors", learner),
    "last checkpoint": (LAST, run_folder),
    "log of a training": (
        "train.json",
        lambda folder: read_history(folder / "train.json"),
    ),
    "weights": ("a.pt", lambda folder: read_tensor_file(folder / "a.pt")),
    "recipe": ("a.toml", lambda folder: load_recipe(str(folder / "a.toml"))),
    "grid": ("GRID.toml", lambda folder: read_grid(folder / "GRID.toml")),
    "record of a grid": (RECORD, read_record),
    "log of a grid": ("log/a.jsonl", lambda folder: list(read_log(folder))),
    "answers": ("a.npz", answers),
    "record of features": (NAME, read_feature_file),
    "features": (
        "a.npy",
        lambda folder: FeatureRows.opened([FeaturePath(folder / "a.npy")]),
    ),
    "hash of a bundle": (
        "a.fewbench.zip",
        lambda folder: bundle_sha256(folder / "a.fewbench.zip"),
    ),
    "bundle": (
        "a.fewbench.zip",
        lambda folder: check_submission(folder / "a.fewbench.zip"),
    ),
    "card": ("card.toml", packed_card),
    "verdict": ("a.json", lambda folder: load_verdict(folder / "a.json")),
    "board": ("board.toml", lambda folder: BoardFolder(folder).settings()),
    "rules of a board": ("rules.md", lambda folder: BoardFolder(folder).rules()),
    "log of a board": (
        "log.jsonl",
        lambda folder: read_board_log(folder / "log.jsonl"),
    ),
    "reference": (FILE_NAME, find_references),
    "nights": ("nights.jsonl", lambda folder: read_nights(folder / "nights.jsonl")),
    "source": ("a.npz", source_file),
    "file in a source": ("a.npz", source_folder),
    "download": ("a.zip", download),
    "checksum of a download": ("a.zip.md5", checksum_file),
    "partial download": ("a.part", partial_download),
    "record of a download": ("a.part.json", partial_download),
    "lock": (".lock", lock),
    "partial file": ("a.partial", lambda folder: write_text(folder / "a", "text")),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_pipe_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    name, read = READERS[kind]
    pipe = tmp_path / name
    pipe.parent.mkdir(exist_ok=True)
    with never_waited_for(pipe), suppress(UserError, OSError):
        read(tmp_path)


def test_pipes_in_place_of_arrays_are_not_waited_for(tmp_path: Path) -> None:
    path = save_result(build_honest(0.5, 0), tmp_path)
    arrays = path.with_suffix(".npz")
    arrays.unlink()
    with (
        never_waited_for(arrays),
        pytest.raises(UserError, match="cannot read the arrays"),
    ):
        fewbench.load_results(tmp_path)

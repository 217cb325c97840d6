"""Write the documents that fewbench keeps on disk, damaged ones too, and read them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import fewbench
from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_facts import RunFacts
from fewbench.baselines.run_folder import LAST, RunFolder
from fewbench.benchmark.cli.describe_build import build_lines, info_text, state_document
from fewbench.benchmark.guard.history import read_nights
from fewbench.benchmark.guard.references.find_references import find_references
from fewbench.benchmark.guard.references.reference import Made
from fewbench.benchmark.guard.references.reference_file import (
    FILE_NAME,
    reference_text,
)
from fewbench.benchmark.guard.references.write_reference import (
    checked_runs,
    made_reference,
)
from fewbench.benchmark.learning_curves import read_history
from fewbench.benchmark.protocols.episode_files import HASHED, content_sha256
from fewbench.benchmark.protocols.episode_reader import read_episodes
from fewbench.datasets.downloads.partial_file import PartialFile
from fewbench.datasets.info import Request
from fewbench.datasets.layouts.source_files import open_source
from fewbench.datasets.store.journal import Journal
from fewbench.datasets.store.manifest import read_manifest
from fewbench.errors import UserError
from fewbench_tests.bars import BARS
from fewbench_tests.guarded import made
from fewbench_tests.paths import REPOSITORY

FILES = REPOSITORY / "tests" / "compatibility" / "files"
Read = Callable[[bytes], object]


def manifest(folder: Path) -> Read:
    path = folder / "bars" / "manifest.json"
    path.parent.mkdir()

    def read(data: bytes) -> None:
        path.write_bytes(data)
        found = read_manifest(path.parent)
        assert found is not None
        build_lines(found)
        info_text(BARS, found)
        state_document(BARS, found)

    return read


def journal(folder: Path) -> Read:
    def read(data: bytes) -> None:
        (folder / "journal.jsonl").write_bytes(b'{"plan": "x"}\n' + data + b"\n")
        Journal.resume(folder, "x").add("train", "a", "b")

    return read


def conversion(folder: Path) -> Read:
    (folder / "a.txt").write_bytes(b"a")

    def read(data: bytes) -> str | None:
        (folder / "conversion.json").write_bytes(data)
        return open_source(Request(folder)).resampling

    return read


def origin(folder: Path) -> Read:
    def read(data: bytes) -> None:
        (folder / "a.part.json").write_bytes(data)
        PartialFile(folder / "a").take_back()

    return read


def log(folder: Path) -> Read:
    def read(data: bytes) -> object:
        (folder / "train.json").write_bytes(data)
        return read_history(folder / "train.json")

    return read


def result(folder: Path) -> Read:
    source = next((FILES / "results").glob("*centroid*.json"))
    shutil.copy(source.with_suffix(".npz"), folder)

    def read(data: bytes) -> object:
        (folder / source.name).write_bytes(data)
        return fewbench.load_results(folder)

    return read


def header(folder: Path) -> Read:
    with np.load(next(FILES.rglob("*episodes*.npz"))) as file:
        arrays = dict(file)

    def read(data: bytes) -> object:
        arrays["header"] = np.frombuffer(data, np.uint8)
        sha256 = content_sha256({name: arrays[name] for name in HASHED})
        arrays["sha256"] = np.frombuffer(sha256.encode(), np.uint8)
        np.savez(folder / "e.npz", **arrays)
        return read_episodes(folder / "e.npz")

    return read


def card(folder: Path) -> Read:
    facts = RunFacts(load_recipe("protonet-glyphs"), (28, 28, 1), ["a"], "cpu")

    def read(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        save_file({"a": torch.ones(1)}, folder / LAST, {"fewbench": text})
        with pytest.raises(UserError):
            load_learner(str(folder), torch.device("cpu"))
        RunFolder(folder, facts).load()

    return read


def reference(folder: Path) -> Read:
    path = folder / FILE_NAME

    def read(data: bytes) -> None:
        path.write_bytes(data)
        [found] = find_references(folder)
        assert found.update_command
        assert found.reference.mean <= 1

    return read


def nights(folder: Path) -> Read:
    def read(data: bytes) -> object:
        (folder / "nights.jsonl").write_bytes(data + b"\n")
        return read_nights(folder / "nights.jsonl")

    return read


MADE = Made("test_a.py::test_b", "same", [made()], test="test_a.py::test_b")
NIGHT = {
    "accuracy": 0.5,
    "commit": "abc1234",
    "date": "2026-11-26",
    "name": "mine",
    "outcome": "pass",
    "protocol": "glyphs-5w1s",
    "reference_sha256": "ab" * 32,
    "schema_version": 1,
    "train_seed": 7,
}
CARD = {
    "schema_version": 1,
    "config": load_recipe("protonet-glyphs").flat(),
    "image_shape": [28, 28, 1],
    "data_fingerprint": ["a"],
    "device": "cpu",
    "step": 1,
    "seconds": 1.0,
    "best_accuracy": 0.5,
    "history": [
        {
            "step": 1,
            "seconds": 1.0,
            "loss": 1.0,
            "val_seconds": 0.1,
            "val_accuracy": 0.5,
        }
    ],
}
KINDS: dict[str, tuple[Callable[[Path], Read], Any]] = {
    "manifest": (manifest, json.loads(next(FILES.rglob("manifest.json")).read_bytes())),
    "journal": (journal, ["train", "a", "0" * 64]),
    "conversion": (conversion, {"resampling": "lanczos", "dataset": "bars"}),
    "origin": (origin, {"url": "a", "validator": "b", "total": 3, "handed_to": ""}),
    "log": (log, CARD),
    "result": (
        result,
        json.loads(next((FILES / "results").glob("*centroid*.json")).read_bytes()),
    ),
    "card": (card, CARD),
    "nights": (nights, NIGHT),
    "reference": (
        reference,
        json.loads(
            reference_text(made_reference(MADE, checked_runs(MADE), (), "", FILES))
        ),
    ),
}
with np.load(next(FILES.rglob("*episodes*.npz"))) as _file:
    KINDS["header"] = (header, json.loads(_file["header"].tobytes()))

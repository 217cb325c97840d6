"""Any damage to a document on disk is answered with one sentence, or does not matter."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

import fewbench
from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_folder import LAST, RunFacts, RunFolder
from fewbench.benchmark.cli.describe_build import build_text, info_text, state_document
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
from fewbench.datasets.store.split_store import SplitStore
from fewbench.errors import UserError
from fewbench_tests.bars import BARS
from fewbench_tests.guarded import made

FILES = Path(__file__).parent / "compatibility" / "files"
HOSTILE = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        10**30,
        2**63,
        0.5,
        1e300,
        float("nan"),
        float("inf"),
        "",
        "\x1b[31m\n\u202e<b>[red]",
        "\ud800",
        "x" * 300,
        [],
        {},
        [[[]]],
        {"a": {"b": 1}},
        [1, "a", None],
        ["a", "b"],
    ]
)
Read = Callable[[bytes], object]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document; of long lists only the ends."""
    found: list[tuple[Any, Any]] = []
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list) and value:
        keys = sorted({0, len(value) - 1})
    for key in keys:
        found.append((value, key))
        found += places(value[key])
    return found


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> bytes:
    """A document in which a value is dropped or changed, or whose bytes are damaged."""
    kind = draw(st.sampled_from(["change", "change", "drop", "bytes"]))
    document = copy.deepcopy(document)
    container, key = draw(st.sampled_from(places(document)))
    if kind == "change":
        container[key] = draw(HOSTILE)
    elif kind == "drop":
        del container[key]
    text = json.dumps(document)
    if kind != "bytes":
        return text.encode()
    cut = draw(st.integers(0, len(text)))
    between = draw(
        st.sampled_from([b"", b"\xff\xfe", b"[" * 5000, b'"a":1,' * 2, b"9" * 5000])
    )
    rest = draw(st.sampled_from([b"", text[cut:].encode()]))
    utf_16 = draw(st.booleans()) and draw(st.booleans())
    data = text[:cut].encode() + between + rest
    return data.decode("latin-1").encode("utf-16") if utf_16 else data


def is_answered(read: Read, data: bytes) -> None:
    """The document is read, or refused with a text that a terminal can show."""
    try:
        read(data)
    except UserError as error:
        said = str(error)
        assert said.replace("\n", "").isprintable()
        assert len(said) < 3000


def manifest(folder: Path) -> Read:
    path = folder / "bars" / "manifest.json"
    path.parent.mkdir()

    def read(data: bytes) -> None:
        path.write_bytes(data)
        found = read_manifest(path.parent)
        assert found is not None
        build_text(found)
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_document_is_answered(kind: str, tmp_path: Path) -> None:
    make_reader, document = KINDS[kind]
    read = make_reader(tmp_path)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(damaged(document))
    def check(data: bytes) -> None:
        is_answered(read, data)

    check()


@pytest.mark.parametrize("line", ["lr = {}", "{} = 1", "{}"])
def test_a_damaged_recipe_is_answered(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.toml"

    def read(data: bytes) -> object:
        path.write_bytes(data)
        return load_recipe(str(path))

    for word in ("nan", "[" * 5000, "9" * 5000, '"\x00"', "\xff", "lr", "{a={}}", ""):
        is_answered(read, line.format(word).encode("latin-1"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema_version", np.bytes_(b"1")),
        ("schema_version", np.array([1, 2])),
        ("schema_version", float("nan")),
        ("dataset", np.bytes_(b"\xff\x1b[31m")),
        ("dataset", 3),
        ("split", np.bytes_(b"\n\n")),
        ("partial", np.bytes_(b"no")),
        ("content_sha256", 7),
        ("resampling", np.array([b"a"])),
    ],
)
def test_a_damaged_attribute_is_answered(
    bars: dict[str, SplitStore], tmp_path: Path, name: str, value: Any
) -> None:
    path = tmp_path / "train.h5"

    def read(_: bytes) -> None:
        SplitStore(path).verify()

    shutil.copy(bars["train"].path, path)
    with h5py.File(path, "r+") as file:
        del file.attrs[name]
        file.attrs[name] = value
    is_answered(read, b"")

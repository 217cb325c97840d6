"""Small submissions that pass every check, and the means to change them."""

import hashlib
import io
import json
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fewbench.benchmark.submission.bundle import write_bundle
from fewbench.benchmark.submission.check import CheckedSubmission
from fewbench.benchmark.submission.findings import Finding
from fewbench.benchmark.submission.pack import pack_submission
from fewbench.reports.records import RunResult

from .honest_results import build_honest

Files = dict[str, bytes]
CARD = """
[method]
name = "ProtoNet"
authors = ["A. Author"]
licence = "MIT"
official = false
[network]
backbone = "conv4-64"
parameters = 112000
[data]
training = "glyphs train"
pretraining = "none"
saw_test_classes = "no"
validation_labels = "selection"
extra_data = "none"
[test]
transductive = false
augmentation = "none"
adaptation = "none"
ensembling = "none"
[training]
seeds = [0, 1]
hardware = "1 x CPU"
minutes = 2.5
"""


def write_card(folder: Path, *edits: tuple[str, str]) -> Path:
    """A card that fits `two_seeds`, with some texts in it replaced."""
    text = CARD
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = folder / "submission.toml"
    path.write_text(text, encoding="utf-8")
    return path


def card_document() -> dict[str, Any]:
    """The card as a document."""
    return tomllib.loads(CARD)


def two_seeds(rng_seed: int = 0, **changes: Any) -> list[RunResult]:
    """Results of two training seeds on one protocol."""
    card = {"n_episodes": 6, "n_query": 3} | changes
    return [
        build_honest(0.6 + 0.1 * seed, rng_seed + seed, train_seed=seed, **card)
        for seed in (0, 1)
    ]


def pack(
    folder: Path, results: list[RunResult] | None = None, name: str = "mine"
) -> Path:
    """A bundle that passes every check."""
    out = folder / f"{name}.fewbench.zip"
    checked = pack_submission(results or two_seeds(), write_card(folder), out)
    assert checked.has_passed, lines(checked)
    return out


def files_of(bundle: Path) -> Files:
    """The files in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sealed(files: Files) -> Files:
    """The files, with their right hashes in submission.json, as a forger would seal them."""
    document = json.loads(files["submission.json"])
    others = set(files) - {"submission.json"}
    document["files"] = {name: _sha256(files[name]) for name in others}
    return files | {"submission.json": json.dumps(document).encode()}


def changed(bundle: Path, change: Callable[[Files], Files | None], seal: bool) -> Path:
    """Change the files of a bundle in place; hash them again if `seal` says so."""
    files = files_of(bundle)
    files = change(files) or files
    write_bundle(bundle, sealed(files) if seal else files)
    return bundle


def zip_of(members: Mapping[str, bytes] | list[tuple[Any, bytes]]) -> bytes:
    """A zip with these members, in this order."""
    buffer = io.BytesIO()
    pairs = members.items() if isinstance(members, Mapping) else members
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in pairs:
            archive.writestr(name, data)
    return buffer.getvalue()


def lines(checked: CheckedSubmission | list[Finding]) -> list[str]:
    """All findings as lines."""
    findings = checked if isinstance(checked, list) else checked.findings
    return [finding.line for finding in findings]


def checkpoint_bytes(metadata: Mapping[str, str] = {}, header: bytes = b"") -> bytes:
    """A safetensors file with one number.

    header: what it says instead of the header
    """
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    right = {"__metadata__": dict(metadata), "weight": tensor}
    said = header or json.dumps(right).encode()
    return len(said).to_bytes(8, "little") + said + bytes(4)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def foreign_files(
    result: RunResult, fields: Mapping[str, Any] = {}, arrays: Mapping[str, Any] = {}
) -> tuple[bytes, bytes]:
    """The document and the arrays of a result as another program writes it.

    fields, arrays: what is different
    """
    names = ("learner", "train_seed", "data_fingerprint", "episodes_fingerprint")
    document = {name: getattr(result, name) for name in names}
    document |= {
        "format": "fewbench-predictions",
        "schema_version": 1,
        "protocol": asdict(result.protocol),
        "date": "2026-11-26",
    }
    names = ("predictions", "classes", "class_names", "class_sizes")
    values: dict[str, Any] = {name: getattr(result, name) for name in names}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **(values | dict(arrays)))
    return json.dumps(document | dict(fields)).encode(), buffer.getvalue()

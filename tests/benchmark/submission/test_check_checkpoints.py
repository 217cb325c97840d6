"""Checkpoints in a bundle: another format and private paths are found, without torch."""

import json
from pathlib import Path

import pytest

from fewbench.benchmark.submission.check_checkpoints import (
    check_checkpoints,
    read_header,
)
from fewbench.benchmark.submission.findings import Finding
from fewbench.documents import DocumentError
from fewbench_tests.made_bundles import checkpoint_bytes
from fewbench_tests.paths import REPOSITORY

OURS = REPOSITORY / "tests/compatibility/files/whole/best.safetensors"
NAME = "seed0.safetensors"


def check(folder: Path, data: bytes) -> list[Finding]:
    (folder / NAME).write_bytes(data)
    return list(check_checkpoints(folder, [NAME, "submission.json"]))


def test_a_checkpoint_of_fewbench_passes(tmp_path: Path) -> None:
    assert check(tmp_path, OURS.read_bytes()) == []
    assert "fewbench" in read_header(tmp_path / NAME)["__metadata__"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("trained on /home/kim/data", "/home/kim/data"),
        (json.dumps({"data": {"root": r"\\server\kim\x"}}), r"\\server\kim\x"),
        (r'["\/home\/kim"]', "/home/kim"),
        (r'{"a": "\u007ekim/runs"}', "~kim/runs"),
    ],
)
def test_a_private_path_in_the_metadata_is_found(
    text: str, path: str, tmp_path: Path
) -> None:
    [finding] = check(tmp_path, checkpoint_bytes({"a": "b", "note": text}))

    assert finding.code == "private"
    assert finding.level == "error"
    assert finding.where.startswith(f"{NAME}: __metadata__.note")
    assert path in finding.what
    assert "Leave out --checkpoints" in finding.advice


def test_a_private_path_as_the_name_of_a_tensor_is_found(tmp_path: Path) -> None:
    header = {"/home/kim/net": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}

    [finding] = check(tmp_path, checkpoint_bytes(header=json.dumps(header).encode()))

    assert finding.code == "private"


LONG = b'{"__metadata__": {"a": "' + b"x" * (1 << 20) + b'"}}'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is no JSON"),
        (b"PK\3\4 a checkpoint of another library", "a header of at most"),
        (checkpoint_bytes(header=LONG), "a header of at most 1,048,576 bytes"),
        (checkpoint_bytes(header=b"[]"), "expected a JSON object"),
        (checkpoint_bytes(header=b"{"), "it is no JSON"),
        (checkpoint_bytes(header=b'{"a": 1}'), "the place of each tensor"),
        (checkpoint_bytes(header=b'{"a": {"data_offsets": [1]}}'), "the place of each"),
        (checkpoint_bytes() + b"hidden", "bytes, got"),
        (checkpoint_bytes()[:-1], "bytes, got"),
    ],
)
def test_another_format_is_an_error(data: bytes, words: str, tmp_path: Path) -> None:
    [finding] = check(tmp_path, data)

    assert finding.code == "checkpoint"
    assert finding.level == "error"
    assert "it is no safetensors file" in finding.what
    assert words in finding.what
    with pytest.raises(DocumentError):
        read_header(tmp_path / NAME)

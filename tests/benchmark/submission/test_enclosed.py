"""The recipe, the log and the checkpoint of a training run."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fewbench.benchmark.submission.enclosed import enclose_run
from fewbench.errors import UserError

LOG = {"config": {"seed": 3, "lr": 0.1}, "device": "cuda", "data": "/home/kim/data"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps(LOG))
    return folder


def test_the_log_is_enclosed_without_paths(run: Path) -> None:
    enclosed = enclose_run(run, checkpoint=False)

    files = enclosed.files()
    assert enclosed.seed == 3
    assert list(files) == ["training/seed3/train.json"]
    log = json.loads(files["training/seed3/train.json"])
    assert log == LOG | {"data": "data"}


@pytest.mark.parametrize(
    ("names", "data"),
    [(["best", "last"], b"best"), (["last"], b"last")],
)
def test_the_best_checkpoint_is_enclosed(
    names: list[str], data: bytes, run: Path
) -> None:
    for name in names:
        (run / f"{name}.safetensors").write_bytes(name.encode())

    files = enclose_run(run, checkpoint=True).files()

    assert files["checkpoints/seed3.safetensors"] == data


def large(folder: Path) -> None:
    with (folder / "best.safetensors").open("wb") as file:
        file.truncate(65 << 20)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "train.json").unlink(), "got no train.json there"),
        (lambda folder: (folder / "train.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "train.json").write_text("[]"), "cannot be read"),
        (
            lambda folder: (folder / "train.json").write_text('{"config": {}}'),
            "cannot be read",
        ),
        (
            lambda folder: (
                (folder / "train.json").unlink(),
                os.mkfifo(folder / "train.json"),
            ),
            "cannot be read",
        ),
        (lambda _: None, r"expected best\.safetensors or last\.safetensors"),
        (large, r"at most 67,108,864 bytes, got 68,157,440.*sha256sum"),
    ],
)
def test_what_cannot_be_enclosed_is_refused(
    change: Callable[[Path], object], words: str, run: Path
) -> None:
    change(run)

    with pytest.raises(UserError, match=words) as refused:
        enclose_run(run, checkpoint=True)
    assert str(run) in str(refused.value)

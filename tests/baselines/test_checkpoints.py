import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fewbench.baselines.checkpoints import (
    load_checkpoint,
    save_checkpoint,
    weights_digest,
)
from fewbench.baselines.learner import BaselineError
from fewbench_tests.small_files import small_files_only

CARD = {"config": {}, "image_shape": [28, 28, 1], "step": 1, "seconds": 0.5}
ENTRY = {"step": 1.0, "seconds": 0.5, "loss": 0.1, "val_seconds": 0.0}


def test_a_checkpoint_keeps_every_bit(tmp_path: Path) -> None:
    weights = torch.randn(8, 4, 3, 3).contiguous(memory_format=torch.channels_last)
    tensors = {
        "a": weights,
        "b": torch.tensor(3),
        "c": torch.tensor([1e-45, float("inf")]),
    }
    card = {**CARD, "config": {"learner": "ü"}, "history": [ENTRY]}
    save_checkpoint(tmp_path / "x.safetensors", tensors, card)
    loaded, read_card = load_checkpoint(tmp_path / "x.safetensors")

    assert all(torch.equal(tensors[name], loaded[name]) for name in tensors)
    assert read_card.config == {"learner": "ü"}
    assert read_card.image_shape == (28, 28, 1)
    assert read_card.history == [ENTRY]
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_checkpoint_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        save_checkpoint(tmp_path / "x.safetensors", {"a": torch.ones(1)}, CARD)
    finally:
        os.umask(before)
    assert (tmp_path / "x.safetensors").stat().st_mode & 0o777 == 0o640


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_checkpoint(path, {"a": torch.ones(1)}, CARD)
    with pytest.raises(ValueError, match="JSON"):
        save_checkpoint(path, {"a": torch.zeros(1)}, {"loss": float("nan")})
    assert load_checkpoint(path)[0]["a"].item() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_full_disk_gets_a_sentence_and_leaves_the_old_checkpoint(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.safetensors"
    save_checkpoint(path, {"a": torch.ones(1)}, CARD)
    with (
        small_files_only(100_000),
        pytest.raises(BaselineError, match="cannot be written"),
    ):
        save_checkpoint(path, {"a": torch.zeros(100_000)}, {})
    assert load_checkpoint(path)[0]["a"].item() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_damaged_foreign_and_newer_files_get_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(BaselineError, match="no such checkpoint.*fewbench train"):
        load_checkpoint(path)
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(BaselineError, match="cannot be read as a checkpoint"):
        load_checkpoint(path)
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(BaselineError, match="fewbench did not write this"):
        load_checkpoint(path)
    save_file(
        {"a": torch.ones(1)}, path, {"fewbench": json.dumps({"schema_version": 99})}
    )
    with pytest.raises(BaselineError, match="newer fewbench.*got 99.*Get a newer"):
        load_checkpoint(path)
    save_checkpoint(path, {"a": torch.ones(100)}, {})
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BaselineError, match="cannot be read as a checkpoint"):
        load_checkpoint(path)


def test_the_digest_of_weights_is_of_names_and_values() -> None:
    weights = {"b": torch.arange(4.0).reshape(2, 2), "a": torch.ones(3)}
    digest = weights_digest(weights)
    assert digest == weights_digest(dict(reversed(weights.items())))
    strided = {**weights, "b": weights["b"].t().contiguous().t()}
    assert digest == weights_digest(strided)
    for other in (
        {**weights, "a": torch.ones(3, dtype=torch.float64)},
        {**weights, "b": weights["b"].reshape(4)},
        {**weights, "b": weights["b"] + 1},
        {"c": weights["b"], "a": weights["a"]},
    ):
        assert weights_digest(other) != digest
    assert weights_digest({"h": torch.ones(2, dtype=torch.bfloat16)})

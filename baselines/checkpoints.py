"""Checkpoints: one safetensors file that holds tensors and a JSON card; never a pickle."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .learner import BaselineError

SCHEMA_VERSION = 1


def save_checkpoint(
    path: Path, tensors: dict[str, Tensor], card: dict[str, Any]
) -> None:
    """Write tensors and card; the file appears under its name only when it is complete."""
    partial = path.with_name(path.name + ".partial")
    text = json.dumps(
        {"schema_version": SCHEMA_VERSION, **card}, sort_keys=True, allow_nan=False
    )
    # Channels-last weights are stored in their logical order.
    plain = {
        name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()
    }
    try:
        save_file(plain, partial, metadata={"fewbench": text})
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except (SafetensorError, OSError) as error:
        raise BaselineError(
            f"{path}: cannot be written ({error}); the checkpoint before it is untouched. Free "
            f"some space, then go on: the same command with --resume"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by name, and the card.

    Raises BaselineError when the file is missing, damaged, foreign or of a newer schema.
    """
    if not path.is_file():
        raise BaselineError(
            f"{path}: no such checkpoint. Train one: fewbench train --recipe NAME --out DIR"
        )
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get("fewbench")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BaselineError(
            f"{path}: cannot be read as a checkpoint: expected a safetensors file ({error})."
        ) from error
    if text is None:
        raise BaselineError(
            f"{path}: a safetensors file, but not one that fewbench wrote."
        )
    try:
        card = json.loads(text)
        newer = card["schema_version"] > SCHEMA_VERSION
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(
            f"{path}: its card is damaged ({error!r}). Train it again."
        ) from error
    if newer:
        raise BaselineError(
            f"{path}: schema version {card['schema_version']} is newer than this fewbench reads "
            f"({SCHEMA_VERSION}). Upgrade: pip install --upgrade fewbench"
        )
    return tensors, card


def checkpoint_sha256(path: Path) -> str:
    """sha256 of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

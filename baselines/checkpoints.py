"""Write and read checkpoints of training runs.

A checkpoint is a safetensors file with named tensors and a card. The card is a JSON
text with the recipe and the state of the run. Checkpoints contain no pickles.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import (
    Annotated,
    Any,  # pydantic needs them on 3.11
)

import torch
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    shown,
)
from fewbench.files import write_bytes
from fewbench.space import lacks_space

from .learner import BaselineError
from .own_code import OwnKey

SCHEMA_VERSION = 1

# The key of the card in the metadata of the file.
_CARD_KEY = "fewbench"
_LENGTH_BYTES = 8  # a safetensors file starts with the length of its header

_Count = Annotated[int, Field(ge=0, le=10**12)]
_Seconds = Annotated[float, Field(ge=0)]
_Side = Annotated[int, Field(ge=1, le=1 << 16)]


def _with_all_keys(entry: dict[str, int | float]) -> dict[str, int | float]:
    for key in ("step", "seconds", "loss", "val_seconds"):
        if key not in entry:
            raise ValueError(f"{key} is missing in an entry of the history")
    return entry


_Entry = Annotated[dict[str, int | float], AfterValidator(_with_all_keys)]


@dataclass(frozen=True, config=ConfigDict(extra="ignore"))
class Card:
    """The recipe and the state of a run, as stored in a checkpoint.

    config: the values of the recipe, by key
    image_shape: (H, W, C)
    data_fingerprint: the fingerprints of the images, see `RunFacts`
    best_accuracy: a fraction; -1 if there was no validation
    own_code: the sha256 of each file with code of the user, see `source_hashes`
    """

    config: dict[str, Any]
    image_shape: tuple[_Side, _Side, _Side]
    step: _Count
    seconds: _Seconds
    best_accuracy: float = -1.0
    history: list[_Entry] = field(default_factory=list)
    data_fingerprint: list[str] = field(default_factory=list)
    own_code: dict[OwnKey, str] = field(default_factory=dict)


_CARD = TypeAdapter(Card)


def save_checkpoint(
    path: Path,
    tensors: dict[str, Tensor],
    card: dict[str, Any],
) -> None:
    """Write a checkpoint. The file gets its final name only after it is complete.

    card: the recipe and the state of the run, as values for JSON
    Raises BaselineError if the file cannot be written, for instance to a full disk.
    Raises ValueError if the card contains a number that is not finite.
    """
    document = {"schema_version": SCHEMA_VERSION, **card}
    text = json.dumps(document, sort_keys=True, allow_nan=False)
    plain: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        # safetensors stores only contiguous tensors, which channels-last weights are
        # not.
        plain[name] = tensor.detach().cpu().contiguous()
    try:
        # `save_file` would make a file that only its owner can read.
        write_bytes(path, save(plain, {_CARD_KEY: text}), durable=True)
    except (SafetensorError, OSError) as error:
        advice = "Move away what is there"
        if lacks_space(error):
            advice = "Free some disk space"
        raise BaselineError(
            f"{path}: cannot be written ({error}). An earlier checkpoint is still "
            f"intact. {advice}, then repeat the same command with --resume"
        ) from error


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], Card]:
    """Read a checkpoint. Return its tensors as a dict by name, and its card.

    Raises BaselineError if the file is missing, damaged, not written by fewbench, or
    written by a newer fewbench.
    """
    return parse_checkpoint(path, read_checkpoint(path))


def read_checkpoint(path: Path) -> bytes:
    """Read the bytes of a checkpoint. A training may replace the file at any moment.

    Raises BaselineError if the file is missing or cannot be read.
    """
    if not path.is_file():
        raise BaselineError(
            f"{path}: no such checkpoint: expected a safetensors file of a training "
            f"run. Train a learner: fewbench train --recipe NAME --out DIR"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def parse_checkpoint(path: Path, data: bytes) -> tuple[dict[str, Tensor], Card]:
    """Parse the bytes of a checkpoint, as `load_checkpoint` does.

    path: where the bytes were read, for errors
    """
    try:
        tensors = load(data)
    except (SafetensorError, KeyError) as error:
        # A KeyError is a type of numbers that this torch does not have.
        raise _unreadable(path, error) from error
    text = _metadata(data).get(_CARD_KEY)
    if text is None:
        raise BaselineError(
            f"{path}: fewbench did not write this safetensors file: expected metadata "
            f"with the key '{_CARD_KEY}', got none. Train a learner: fewbench train "
            f"--recipe NAME --out DIR"
        )
    return tensors, _parse_card(path, text)


def weights_digest(tensors: Mapping[str, Tensor]) -> str:
    """Return one hash of the names, types, shapes and values of all tensors.

    The hash of a checkpoint file also depends on the duration of the training. This hash
    does not.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _metadata(data: bytes) -> dict[str, str]:
    """Return the metadata of an intact safetensors file: texts by key."""
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
    return header.get("__metadata__") or {}


def _unreadable(path: Path, error: Exception) -> BaselineError:
    return BaselineError(
        f"{path}: cannot be read as a checkpoint: expected an intact safetensors "
        f"file ({shown(error, 300)}). Train the learner again: fewbench train --recipe NAME "
        f"--out DIR"
    )


def _parse_card(path: Path, text: str) -> Card:
    try:
        document = parse_json(text.encode())
        _refuse_newer(path, document)
        return fit(document, _CARD)
    except DocumentError as error:
        raise BaselineError(
            f"{path}: damaged checkpoint: the metadata under '{_CARD_KEY}' cannot be "
            f"read ({error}). Train the learner again: fewbench train --recipe NAME "
            f"--out DIR"
        ) from error


def _refuse_newer(path: Path, document: object) -> None:
    version = newer_version(document, SCHEMA_VERSION)
    if version is not None:
        raise BaselineError(
            f"{path}: written by a newer fewbench: expected schema version "
            f"{SCHEMA_VERSION} or older, got {version}. "
            f"{UPGRADE}"
        )

"""What goes into a bundle beside the results: recipes, logs and checkpoints."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewbench.documents import DocumentError, parse_json, read_bytes
from fewbench.errors import UserError

from .contents import checkpoint_name
from .privacy import cleaned

_LOG = "train.json"
_CHECKPOINTS = ("best.safetensors", "last.safetensors")
# Larger files do not fit into a repository, nor into a bundle.
_LARGEST = 64 << 20


@dataclass(frozen=True)
class EnclosedRun:
    """A training run: its seed, its recipe and log, and its checkpoint if it is wanted."""

    seed: int
    log: dict[str, Any]
    checkpoint: bytes | None

    def files(self) -> dict[str, bytes]:
        """Return the files of the bundle for this run: name -> bytes."""
        log = json.dumps(cleaned(self.log), indent=2, sort_keys=True)
        files = {f"training/seed{self.seed}/{_LOG}": f"{log}\n".encode()}
        if self.checkpoint is not None:
            files[checkpoint_name(self.seed)] = self.checkpoint
        return files


def enclose_run(folder: Path, *, checkpoint: bool) -> EnclosedRun:
    """Read the training run in a folder.

    checkpoint: whether the checkpoint is wanted too
    Raises UserError if there is no training run, or if its checkpoint is too large.
    """
    log = _read_log(folder)
    data = _read_checkpoint(folder) if checkpoint else None
    return EnclosedRun(int(log["config"]["seed"]), log, data)


def _read_log(folder: Path) -> dict[str, Any]:
    try:
        log = parse_json(read_bytes(folder / _LOG))
        int(log["config"]["seed"])
    except (OSError, DocumentError, LookupError, TypeError, ValueError) as damage:
        got = f"a {_LOG} that cannot be read"
        if not (folder / _LOG).exists():
            got = f"no {_LOG} there"
        raise UserError(
            f"{folder}: cannot read the training run: expected a folder that fewbench train "
            f"wrote, got {got}. Type the folder that was its --out, or leave out --run"
        ) from damage
    return log


def _read_checkpoint(folder: Path) -> bytes:
    for name in _CHECKPOINTS:
        path = folder / name
        if not path.is_file():
            continue
        size = path.stat().st_size
        if size > _LARGEST:
            raise UserError(
                f"{path}: cannot enclose the checkpoint: expected at most {_LARGEST:,} "
                f"bytes, got {size:,}. Leave out --checkpoints, and write its address and "
                f"SHA-256 into the card: sha256sum {shlex.quote(str(path))}"
            )
        return path.read_bytes()
    raise UserError(
        f"{folder}: holds no checkpoint: expected {' or '.join(_CHECKPOINTS)}, got neither. "
        f"Leave out --checkpoints"
    )

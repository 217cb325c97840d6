"""The document submission.json in a bundle, and the names of the other files.

A bundle is a zip with these files:
submission.json           what this module describes
results/NAME.json, .npz   a result for each protocol and training seed
training/seedK/*          recipe, log and curve of the training run with the seed K
checkpoints/seedK.safetensors
"""

import re
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from ...reports.origin import Sha256

FORMAT = "fewbench-submission"
SCHEMA_VERSION = 1
DOCUMENT = "submission.json"
SUFFIX = ".fewbench.zip"
RESULTS = "results/"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,200}"
_SEED = r"seed[0-9]{1,20}"
_ALLOWED = re.compile(
    rf"submission\.json|results/{_NAME}\.(json|npz)"
    rf"|training/{_SEED}/{_NAME}\.(json|toml|csv|log|txt)"
    rf"|checkpoints/{_SEED}\.safetensors"
)


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Contents:
    """The document submission.json.

    card: what the authors say, as in `Card`
    made_with: the program that made the bundle, such as "fewbench 0.1.0"
    files: name of each other file -> its SHA-256
    """

    format: Literal["fewbench-submission"]
    schema_version: Literal[1]
    card: dict[str, Any]
    made_with: Annotated[str, Field(max_length=200)]
    files: Annotated[dict[str, Sha256], Field(max_length=5000)]


SCHEMA = TypeAdapter(Contents)


def is_allowed(name: str) -> bool:
    """Tell whether a bundle may have a file of this name."""
    return _ALLOWED.fullmatch(name) is not None


def is_text(name: str) -> bool:
    """Tell whether a file of a bundle is text, other than arrays and checkpoints."""
    return not name.endswith((".npz", ".safetensors"))


def is_checkpoint(name: str) -> bool:
    """Tell whether a file of a bundle is a checkpoint."""
    return name.endswith(".safetensors")


def result_names(names: list[str]) -> list[str]:
    """Return the names of the JSON documents of all results, sorted."""
    return sorted(
        name for name in names if name.startswith(RESULTS) and name.endswith(".json")
    )


def seed_of(name: str) -> int | None:
    """Return the training seed in the name of a file; None for a file of no single seed."""
    found = re.search(r"(?:training|checkpoints)/seed([0-9]+)", name)
    return int(found[1]) if found else None


def checkpoint_name(seed: int) -> str:
    """Return the name of the checkpoint of a training seed in a bundle."""
    return f"checkpoints/seed{seed}.safetensors"

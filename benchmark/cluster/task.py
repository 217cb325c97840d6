"""The unit of work: a task, whose id is the hash of all that decides its bytes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from .conditions import Conditions

# It changes when the same task would make other bytes than before.
_VERSION = 1

Kind = Literal["training", "features", "answers", "result"]
# The ending of the file that a task of this kind makes.
SUFFIXES: Mapping[Kind, str] = {
    "training": ".safetensors",
    "features": ".npy",
    "answers": ".npz",
    "result": ".json",
}


@dataclass(frozen=True)
class Task:
    """One unit of work, which makes one file.

    kind: "training" for a recipe and a seed, "features" for a block of images to embed,
        "answers" for a range of episodes, "result" for joining the ranges of an evaluation
    body: all that decides the bytes of the file, beside the conditions: values for JSON
    conditions: how the machine has to compute
    how: values for JSON that are needed but do not change the bytes, such as a path
    title: a few words for messages, such as "train protonet-glyphs, seed 0"
    """

    kind: Kind
    body: Mapping[str, Any]
    conditions: Conditions
    title: str
    how: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """The sha256 of all that decides the bytes."""
        document = {
            "version": _VERSION,
            "kind": self.kind,
            "body": self.body,
            "conditions": self.conditions.document(),
        }
        text = json.dumps(
            document, sort_keys=True, allow_nan=False, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()

"""Protocols: which episodes a learner is scored on."""

import hashlib
import json
from dataclasses import fields
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from .names import Name

Count = Annotated[int, Field(ge=1)]
# independent: each episode on its own; disjoint: no image twice; listed: read from a file.
Sampling = Literal["independent", "disjoint", "listed"]
# Formulas of the ±: see `stats.intervals`.
IntervalKind = Literal[
    "episodes-t", "legacy-z", "legacy-z-ddof1", "legacy-z-n1", "open", "anytime"
]

STRICT = ConfigDict(
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    arbitrary_types_allowed=True,
)


@dataclass(frozen=True, config=STRICT)
class EvalProtocol:
    """Which episodes a learner is scored on.

    Counts are per class: an episode has n_way * n_shot support images and n_way * n_query
    query images.

    rotations: whether rotated images are classes of their own
    task_rotations: whether each class of an episode is rotated by a random multiple of 90
        degrees
    transductive: whether the protocol is meant for learners that look at all query images
        together
    adaptation_steps: for a learner that adapts by gradient descent; None means as trained
    Raises pydantic.ValidationError (a ValueError) for values out of bounds; see `explain`.
    """

    name: Name
    dataset: Name
    split: Name
    n_way: Annotated[int, Field(ge=2, le=256)]  # predicted labels are uint8
    n_shot: Count
    n_query: Count
    n_episodes: Count
    seed: Annotated[int, Field(ge=0)]
    rotations: bool = False
    transductive: bool = False
    task_rotations: bool = False
    sampling: Sampling = "independent"
    adaptation_steps: Count | None = None
    interval: IntervalKind = "episodes-t"

    @property
    def queries_per_episode(self) -> int:
        """How many query images an episode has in all."""
        return self.n_way * self.n_query

    @property
    def sha256(self) -> str:
        """The hash of all fields but the name: equal for protocols with equal episodes."""
        values = {
            field.name: getattr(self, field.name) for field in fields(EvalProtocol)
        }
        del values["name"]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

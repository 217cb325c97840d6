"""Protocols: the episodes that a learner is scored on."""

import hashlib
import json
from dataclasses import fields
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from .names import Name

Count = Annotated[int, Field(ge=1)]
# independent: each episode is drawn on its own. disjoint: no image is drawn twice.
# listed: the episodes are read from a file.
Sampling = Literal["independent", "disjoint", "listed"]
# The formulas for the ± are in `stats.intervals`.
IntervalKind = Literal[
    "episodes-t", "legacy-z", "legacy-z-ddof1", "legacy-z-n1", "open", "anytime"
]

STRICT = ConfigDict(
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    arbitrary_types_allowed=True,
)


def _in_range(option: str, least: int = 1, most: int | None = None) -> AfterValidator:
    """Return the check of a number, whose error names the option that changes it."""

    def check(value: int) -> int:
        if value >= least and (most is None or value <= most):
            return value
        wanted = f"at least {least}" if most is None else f"{least} to {most}"
        raise ValueError(f"expected {wanted}, see {option}")

    return AfterValidator(check)


@dataclass(frozen=True, config=STRICT)
class EvalProtocol:
    """The episodes that a learner is scored on.

    Counts are per class: an episode has n_way * n_shot support images and n_way *
    n_query query images.

    rotations: whether rotated images are classes of their own
    task_rotations: whether each class in an episode is rotated by a random multiple of
        90 degrees
    transductive: whether the protocol is meant for learners that classify all query
        images of an episode together
    adaptation_steps: number of gradient steps on the support images; None for the
        number that the learner was trained with
    Raises pydantic.ValidationError (a ValueError) for values out of bounds; `explain`
    turns it into one line.
    """

    name: Name
    dataset: Name
    split: Name
    n_way: Annotated[int, _in_range("--way", 2, 256)]  # predicted labels are uint8
    n_shot: Annotated[int, _in_range("--shot")]
    n_query: Annotated[int, _in_range("--query")]
    n_episodes: Annotated[int, _in_range("--episodes")]
    seed: Annotated[int, _in_range("--seed", 0, 2**64 - 1)]  # the key of Philox
    rotations: bool = False
    transductive: bool = False
    task_rotations: bool = False
    sampling: Sampling = "independent"
    adaptation_steps: Count | None = None
    interval: IntervalKind = "episodes-t"

    @property
    def queries_per_episode(self) -> int:
        """The number of query images in an episode."""
        return self.n_way * self.n_query

    @property
    def sha256(self) -> str:
        """The hash of all fields except the name."""
        values = {
            field.name: getattr(self, field.name) for field in fields(EvalProtocol)
        }
        del values["name"]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

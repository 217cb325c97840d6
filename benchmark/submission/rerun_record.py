"""The record of one checkpoint that was evaluated again."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from ...reports.origin import RECORD
from ...reports.records import Seed
from .findings import Finding, error

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Rerun:
    """What the evaluation of a checkpoint found.

    file: the document of the result in the bundle
    n_predictions, n_differ: the number of predictions on the episodes of the bundle, and of
        those that differ
    n_lost, n_gained: right answers that became wrong, and wrong ones that became right
    fresh_seed: the seed of fresh episodes, which was drawn at the time of the check
    n_fresh: the number of fresh episodes
    fresh_mean: the accuracy on the fresh episodes
    low, high: limits of the submitted accuracy minus the fresh one, at the level
    has_passed: whether the predictions are those of the bundle, except for rounding, and
        the submitted accuracy is not above what the fresh episodes allow
    reason: the same in words
    """

    file: str
    n_predictions: Count
    n_differ: Count
    n_lost: Count
    n_gained: Count
    fresh_seed: Seed
    n_fresh: Count
    fresh_mean: Share
    low: float
    high: float
    level: Share
    has_passed: bool
    reason: str

    def findings(self) -> list[Finding]:
        """Return an error if the checkpoint did not give these answers."""
        if self.has_passed:
            return []
        advice = "Evaluate the checkpoint that you enclose, and pack its result"
        return [error("rerun", self.file, self.reason, advice)]

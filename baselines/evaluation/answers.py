"""A learner's predictions for a range of episodes, and how ranges are joined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..learner import BaselineError

Embedded = Literal["split", "episodes"]


@dataclass(frozen=True, eq=False)
class Answers:
    """The predicted labels of all query images in a range of episodes.

    predictions: uint8 (n_episodes, n_way * n_query), class by class; the true label of
        query image j is j // n_query
    seconds: how long each stage ("embed", "classify" or "episodes") took
    calibration: float64 (100, 3), see `CalibrationTally`; None if the scores are
        neither logits nor probabilities
    start: the number of the first episode; the first episode of a seed has number 0
    embedded: "split" if all images of the split are embedded, "episodes" if only the
        images of the episodes are embedded; None for a learner that embeds no image
    first_scores: float (n, n_queries, n_way) the scores of the first episodes, whose query
        images are in the order of `query_orders`; None if they were not kept
    """

    predictions: np.ndarray
    seconds: dict[str, float]
    calibration: np.ndarray | None = None
    start: int = 0
    embedded: Embedded | None = None
    first_scores: np.ndarray | None = None

    @property
    def end(self) -> int:
        """The number of the last episode, plus 1."""
        return self.start + len(self.predictions)

    @classmethod
    def joined(cls, ranges: Sequence["Answers"]) -> "Answers":
        """Join the answers for adjacent ranges. Durations and counts are added.

        ranges: in any order
        Raises BaselineError if a range is missing, or if two ranges overlap.
        """
        in_order = sorted(ranges, key=lambda answers: answers.start)
        seconds: dict[str, float] = {}
        tallies: list[np.ndarray] = []
        end = in_order[0].start
        for answers in in_order:
            _check_follows(answers, end)
            end = answers.end
            for stage, duration in answers.seconds.items():
                seconds[stage] = seconds.get(stage, 0.0) + duration
            if answers.calibration is not None:
                tallies.append(answers.calibration)
        calibration = None
        if tallies:
            calibration = np.sum(tallies, axis=0)
        return cls(
            predictions=np.concatenate([answers.predictions for answers in in_order]),
            seconds=seconds,
            calibration=calibration,
            start=in_order[0].start,
            embedded=in_order[0].embedded,
            first_scores=in_order[0].first_scores,
        )


def _check_follows(answers: Answers, end: int) -> None:
    if answers.start != end:
        raise BaselineError(
            f"cannot join the answers: expected a range that starts at episode {end}, got "
            f"a range that starts at episode {answers.start}. Answer every episode once."
        )

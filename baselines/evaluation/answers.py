"""The answers of a learner to a range of episodes, which are joined to those of a whole run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..learner import BaselineError

Embedded = Literal["split", "episodes"]


@dataclass(frozen=True, eq=False)
class Answers:
    """Predicted labels of all query images of a range, and where the time went.

    predictions: uint8 (n_episodes, n_way * n_query), class by class: query j is of class
        j // n_query
    seconds: stage -> its duration
    calibration: float64 (100, 3), see `CalibrationTally`; None if the scores are no
        probabilities
    start: the index of the first episode
    embedded: "split" if all images of the split are embedded, "episodes" if only those of
        the episodes are; None for a learner that embeds none
    """

    predictions: np.ndarray
    seconds: dict[str, float]
    calibration: np.ndarray | None = None
    start: int = 0
    embedded: Embedded | None = None

    @property
    def end(self) -> int:
        """The index after that of the last episode."""
        return self.start + len(self.predictions)

    @classmethod
    def joined(cls, ranges: Sequence["Answers"]) -> "Answers":
        """The answers to ranges that follow each other, given in any order, as one.

        Seconds and calibration counts are added.
        Raises BaselineError when a range is missing or there twice.
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
        )


def _check_follows(answers: Answers, end: int) -> None:
    if answers.start != end:
        raise BaselineError(
            f"cannot join the answers: expected a range that starts at episode {end}, got "
            f"one that starts at {answers.start}. Answer every episode once."
        )

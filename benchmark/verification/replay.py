"""Let a learner answer some episodes of a result again, and compare the predictions."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fewbench.progress import Progress

from ...baselines.evaluation.examiner import range_step
from ...baselines.evaluation.features import refuse_changes
from ...baselines.learner import BaselineError, EmbeddingLearner, Learner
from ...baselines.preparation import Preparation
from ...datasets.info import DataError
from ...reports.protocol import EvalProtocol
from ...reports.records import RunResult
from ..evaluate import answer_range, make_examiner
from ..preparing import prepared_stream, with_batch_size
from ..protocols.stream import EpisodeStream, open_stream
from .checks import Check, failed, not_possible, passed

REPLAYED = 256  # episodes, or as many more as make whole ranges
# Other hardware rounds differently. That changed 9 of 1,500 predictions of a MAML.
TOLERANCE = 0.01
# Rounding turns right answers wrong as often as wrong ones right. The difference between
# the two may have this many standard deviations.
_MOST_DEVIATIONS = 3.3
_WHAT = "the predictions, replayed"


@dataclass(frozen=True)
class Replay:
    """How replayed predictions compare with those of a result.

    n_lost: answers that are right in the result and wrong in the replay
    n_gained: answers that are wrong in the result and right in the replay
    """

    n_episodes: int
    n_predictions: int
    n_differ: int
    n_lost: int
    n_gained: int

    @property
    def too_many_differ(self) -> bool:
        """Whether more predictions differ than rounding can change."""
        return self.n_differ > TOLERANCE * self.n_predictions

    @property
    def is_one_sided(self) -> bool:
        """Whether the result is right too often where the two differ."""
        deviation = (self.n_lost + self.n_gained) ** 0.5
        return self.n_lost - self.n_gained > _MOST_DEVIATIONS * deviation

    def __str__(self) -> str:
        return (
            f"{self.n_differ:,} of {self.n_predictions:,} predictions in "
            f"{self.n_episodes:,} episodes differ ({self.n_lost:,} right ones became wrong, "
            f"{self.n_gained:,} wrong ones right)"
        )


def check_replay(
    result: RunResult,
    learner: Learner,
    root: Path,
    progress: Progress | None = None,
) -> Check:
    """Draw episodes of a result at random, and let a learner answer them once more.

    root: the folder with the built datasets, from which the images are read
    """
    if result.protocol.sampling == "listed":
        return not_possible(_WHAT, "the episodes come from an episode file")
    if result.deterministic is False:
        reason = "the learner's answers are random: it gave an episode two answers"
        return not_possible(_WHAT, reason)
    if result.preparation is not None and result.preparation.transform is not None:
        transform = result.preparation.transform
        reason = f"the images were transformed by {transform}, which is not known here"
        return not_possible(_WHAT, reason)
    try:
        replayed = replay(result, learner, root, progress)
    except (BaselineError, DataError) as error:
        return not_possible(_WHAT, f"the episodes cannot be answered: {error}")
    if replayed.too_many_differ:
        return failed(_WHAT, f"at most {TOLERANCE:.0%} that differ", str(replayed))
    if replayed.is_one_sided:
        return failed(_WHAT, "differences in both directions", str(replayed))
    return passed(_WHAT, f"{replayed}; {TOLERANCE:.0%} may, because rounding differs")


def replay(
    result: RunResult,
    learner: Learner,
    root: Path,
    progress: Progress | None = None,
) -> Replay:
    """Answer whole ranges of episodes again. The ranges are drawn at random.

    A result cannot be forged to pass, since nobody knows the ranges before. The images are
    prepared as for the result, but without its transform.
    """
    stream, learner = as_evaluated(result, learner, root)
    examiner = make_examiner(learner, stream, progress)
    step = range_step(examiner.learner)
    stored: list[np.ndarray] = []
    again: list[np.ndarray] = []
    for start, end in _draw_ranges(len(stream), step):
        _, answers = answer_range(examiner, stream, start, end)
        again.append(answers.predictions)
        stored.append(result.predictions[start:end])
    refuse_changes(examiner.features)
    return compare_predictions(
        np.concatenate(stored), np.concatenate(again), result.protocol.n_way
    )


def as_evaluated(
    result: RunResult,
    learner: Learner,
    root: Path,
    protocol: EvalProtocol | None = None,
) -> tuple[EpisodeStream, Learner]:
    """Return the prepared episodes of a result, and the learner with its batch size.

    protocol: another protocol, if its episodes are wanted instead
    """
    stream = open_stream(protocol or result.protocol, root)
    record = result.preparation
    if record is None:
        return stream, learner
    preparation = Preparation(
        record.size, None, record.mean, record.std, bool(record.invert)
    )
    if isinstance(learner, EmbeddingLearner):
        learner = with_batch_size(learner, record.batch_size)
    return prepared_stream(stream, preparation), learner


def _draw_ranges(n_episodes: int, step: int) -> list[tuple[int, int]]:
    """Draw ranges until they hold enough episodes. The last range may be short."""
    starts = list(range(0, n_episodes, step))
    random.SystemRandom().shuffle(starts)
    ranges: list[tuple[int, int]] = []
    n_drawn = 0
    for start in starts:
        if n_drawn >= REPLAYED:
            break
        end = min(start + step, n_episodes)
        ranges.append((start, end))
        n_drawn += end - start
    return sorted(ranges)


def compare_predictions(stored: np.ndarray, again: np.ndarray, n_way: int) -> Replay:
    """Count the differences between stored and replayed predictions.

    stored, again: uint8 (n_episodes, n_way * n_query) labels, class by class
    """
    truth = np.arange(n_way).repeat(stored.shape[1] // n_way)
    was_right = stored == truth
    is_right = again == truth
    return Replay(
        n_episodes=len(stored),
        n_predictions=stored.size,
        n_differ=int(np.count_nonzero(stored != again)),
        n_lost=int(np.count_nonzero(was_right & ~is_right)),
        n_gained=int(np.count_nonzero(~was_right & is_right)),
    )

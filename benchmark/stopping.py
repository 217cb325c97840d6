"""Evaluate until the interval is narrow enough. Its kind, anytime, allows for the stopping."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fewbench.progress import Progress

from ..baselines.evaluation.examiner import Answers, Examiner
from ..baselines.learner import Learner
from ..datasets.episodes import EpisodeBatch
from ..datasets.info import DataError
from ..datasets.root import data_root
from ..reports.records import EvalProtocol, RunResult, count_correct
from .protocols.catalogue import check_episodes
from .protocols.draw import Drawn, draw_stream, protocol_view
from .results import make_result

MOST_EPISODES = 100_000
_FIRST_BATCH = 250
# Looking at the interval costs little, but episodes beyond the need cost too: each batch makes
# the total grow by a quarter.
_GROWTH = 1.25


@dataclass(frozen=True)
class StopRule:
    """When an evaluation stops: at this half-width of the 95 % interval, or at the latest
    after `most_episodes`.

    half_width: a fraction
    Raises DataError for a half-width that no interval has, or for too many episodes.
    """

    half_width: float
    most_episodes: int = MOST_EPISODES

    def __post_init__(self) -> None:
        check_episodes(self.most_episodes)
        if not 0 < self.half_width < 0.5:
            raise DataError(
                f"--until-half-width: expected a half-width above 0 and below 50 %, got "
                f"{self.half_width:g}. For instance: --until-half-width 0.1%"
            )


def stopping_protocol(protocol: EvalProtocol, rule: StopRule) -> EvalProtocol:
    """The protocol of an evaluation that stops by a rule. `n_episodes` is how many at most.

    Raises DataError for a protocol whose episodes are a fixed list.
    """
    if protocol.sampling != "independent":
        raise DataError(
            f"{protocol.name}: cannot stop by a half-width: expected a protocol of independent "
            f"episodes, got {protocol.sampling} ones, whose number is fixed. Omit "
            f"--until-half-width, or choose another protocol: fewbench protocol list"
        )
    percent = f"{100 * rule.half_width:.12f}".rstrip("0").rstrip(".")
    return replace(
        protocol,
        name=f"{protocol.name}-until-{percent}pct",
        n_episodes=rule.most_episodes,
        interval="anytime",
    )


def evaluate_with_stopping(
    learner: Learner,
    protocol: EvalProtocol,
    rule: StopRule,
    *,
    root: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Score a learner on the first episodes of a protocol, until the rule says stop.

    protocol: as `find_protocol` returns it; that of the result is its `stopping_protocol`,
        with the number of episodes that were used
    """
    started = time.perf_counter()
    protocol = stopping_protocol(protocol, rule)
    if protocol.adaptation_steps:
        learner = learner.with_steps(protocol.adaptation_steps)
    view = protocol_view(protocol, data_root(root))
    examiner = Examiner(learner, view, protocol.seed, progress)
    batches: list[EpisodeBatch] = []
    answers: list[Answers] = []
    sampling = 0.0
    for start, count in batch_ranges(protocol.n_episodes):
        drawing = time.perf_counter()
        batch = draw_stream(protocol, view, start, count)
        sampling += time.perf_counter() - drawing
        batches.append(batch)
        answers.append(examiner.answer(batch, start))
        if _is_narrow_enough(protocol, answers, rule):
            break
    episodes = _join_episodes(batches)
    protocol = replace(protocol, n_episodes=len(episodes))
    drawn = Drawn(protocol, view, episodes)
    joined = Answers.joined(answers)
    return make_result(learner, drawn, joined, started=started, sampling=sampling)


def batch_ranges(most_episodes: int) -> Iterator[tuple[int, int]]:
    """The first episode and the number of episodes of each batch."""
    start = 0
    while start < most_episodes:
        end = max(start + _FIRST_BATCH, int(start * _GROWTH))
        end = min(end, most_episodes)
        yield start, end - start
        start = end


def _is_narrow_enough(
    protocol: EvalProtocol, answers: Sequence[Answers], rule: StopRule
) -> bool:
    from ..reports.stats.intervals import anytime  # it imports scipy

    counts = []
    for one in answers:
        counts.append(count_correct(one.predictions, protocol.n_way))
    accuracies = np.concatenate(counts) / protocol.queries_per_episode
    return anytime(accuracies).half_width <= rule.half_width


def _join_episodes(batches: Sequence[EpisodeBatch]) -> EpisodeBatch:
    return EpisodeBatch(
        classes=np.concatenate([batch.classes for batch in batches]),
        support=np.concatenate([batch.support for batch in batches]),
        query=np.concatenate([batch.query for batch in batches]),
    )

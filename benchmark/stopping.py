"""evaluate_until: as many episodes as a wanted half-width needs, with a ± that allows for it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..baselines.evaluation.examiner import Answers, Examiner
from ..baselines.learner import Learner
from ..datasets.episodes import EpisodeBatch
from ..datasets.info import DataError
from ..datasets.root import data_root
from ..reports.records import EvalProtocol, RunResult, count_correct
from .evaluate import Progress
from .protocols.catalogue import check_episodes
from .protocols.draw import Drawn, draw_stream, protocol_view
from .results import make_result

MOST_EPISODES = 100_000
_FIRST_BATCH = 250
# Looking often costs little, but an episode too many does too: batches grow by a quarter.
_GROWTH = 1.25


@dataclass(frozen=True)
class Goal:
    """When to stop: at this half-width of the 95 % interval, as a fraction; or after so many
    episodes. Raises DataError for a half-width that no interval has."""

    half_width: float
    most_episodes: int = MOST_EPISODES

    def __post_init__(self) -> None:
        check_episodes(self.most_episodes)
        if not 0 < self.half_width < 0.5:
            raise DataError(
                f"--until-half-width {self.half_width:g}: expected a half-width above 0 and below "
                f"50 %, for instance 0.1% (or 0.001)."
            )


def until_protocol(protocol: EvalProtocol, goal: Goal) -> EvalProtocol:
    """The card of an evaluation that stops at the goal; `n_episodes` is then how many at most.

    Raises DataError for a protocol whose episodes do not go on.
    """
    if protocol.sampling != "independent":
        raise DataError(
            f"{protocol.name}: its episodes are {protocol.sampling} and have an end. Leave "
            f"--until-half-width away, or choose a protocol of independent episodes."
        )
    percent = f"{100 * goal.half_width:.12f}".rstrip("0").rstrip(".")
    name = f"{protocol.name}-until-{percent}pct"
    return replace(
        protocol, name=name, n_episodes=goal.most_episodes, interval="anytime"
    )


def evaluate_until(
    learner: Learner,
    protocol: EvalProtocol,
    goal: Goal,
    *,
    root: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Score a learner on the first episodes of a protocol, until the goal is reached.

    protocol: as `find_protocol` has it; the result's is `until_protocol` of it, with the number
        of episodes that there were
    The interval is looked at after every batch of episodes; its kind, anytime, stays valid so.
    """
    started = time.perf_counter()
    card = until_protocol(protocol, goal)
    if card.adaptation_steps:
        learner = learner.with_steps(card.adaptation_steps)
    view = protocol_view(card, data_root(root))
    examiner = Examiner(learner, view, card.seed, progress)
    episodes, answers, sampling = [], [], 0.0
    for start, count in _batches(card.n_episodes):
        drawing = time.perf_counter()
        episodes.append(draw_stream(card, view, start, count))
        sampling += time.perf_counter() - drawing
        answers.append(examiner.answer(episodes[-1], start))
        if reached(card, answers, goal):
            break
    batch = EpisodeBatch(
        *(
            np.concatenate([getattr(one, name) for one in episodes])
            for name in ("classes", "support", "query")
        )
    )
    drawn = Drawn(replace(card, n_episodes=len(batch)), view, batch)
    return make_result(
        learner, drawn, joined(answers), {"sample": sampling, "started": started}
    )


def reached(card: EvalProtocol, answers: list[Answers], goal: Goal) -> bool:
    """Whether the interval over all answers so far is as narrow as the goal."""
    from ..reports.stats.intervals import anytime  # it brings scipy

    correct = np.concatenate(
        [count_correct(one.predictions, card.n_way) for one in answers]
    )
    return anytime(correct / card.queries_per_episode).half_width <= goal.half_width


def joined(answers: list[Answers]) -> Answers:
    """The answers to all batches as one."""
    seconds: dict[str, float] = {}
    for one in answers:
        for stage, value in one.seconds.items():
            seconds[stage] = seconds.get(stage, 0.0) + value
    tallies = [one.calibration for one in answers if one.calibration is not None]
    predictions = np.concatenate([one.predictions for one in answers])
    return Answers(predictions, seconds, np.sum(tallies, axis=0) if tallies else None)


def _batches(most: int) -> Iterator[tuple[int, int]]:
    """First episode and number of episodes of each batch, `most` episodes in all."""
    start = 0
    while start < most:
        end = max(start + _FIRST_BATCH, int(start * _GROWTH))
        count = min(end, most) - start
        yield start, count
        start += count

"""The interval of an entry's mean accuracy, and the spread between its training runs."""

from dataclasses import replace

from ..records import ResultError
from ..stats.accuracies import mean_and_std
from ..stats.arrays import FloatArray
from ..stats.intervals import (
    LEGACY_KINDS,
    LITTLE_SPREAD,
    Interval,
    anytime,
    episodes_t,
    legacy_z,
)
from .entries import Entry


def entry_interval(entry: Entry, level: float = 0.95) -> Interval | None:
    """Return the interval over episodes, of the kind that the protocol names.

    The score of an entry in an episode is its accuracy there, averaged over its training
    runs. So the interval holds for these runs. None if the episodes allow no interval.
    """
    scores = episode_scores(entry)
    kind = entry.protocol.interval
    try:
        if kind == "anytime":
            return anytime(scores, level)
        if kind in LEGACY_KINDS:
            return legacy_z(scores, level, kind)
        interval = episodes_t(scores, level)
    except ResultError:
        return None
    if interval.kind == LITTLE_SPREAD:
        return interval
    # The interval over disjoint episodes has the same formula and its own name.
    return replace(interval, kind=kind)


def episode_scores(entry: Entry) -> FloatArray:
    """Return the accuracy in each episode, averaged over runs: float64 (n_episodes,)."""
    n_answers = entry.n_seeds * entry.protocol.queries_per_episode
    return entry.correct.sum(axis=0) / n_answers


def spread_between_seeds(entry: Entry) -> float | None:
    """Return the standard deviation between training runs; None if there is one run."""
    if entry.n_seeds < 2:
        return None
    _, std = mean_and_std(entry.seed_means)
    return std

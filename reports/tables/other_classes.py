"""Beyond the mean of a protocol card: what holds for other classes, and where accuracy is lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

import pandas as pd

from ..groups import Card
from ..records import ResultError, RunResult
from ..stats.intervals import Interval, class_bootstrap, result_interval
from .rendering import Entry, Grid

BEYOND_NOTE = (
    "± of these classes: as in the accuracy table; limits for other classes: 95 % open-bootstrap, "
    "which draws the n classes again. Neither knows of other training runs"
)


class Beyond(NamedTuple):
    """What holds for other classes, of one result of a card."""

    card: Card
    result: RunResult
    interval: Interval


def beyond_cards(cards: Iterable[Card]) -> list[Beyond]:
    """Every result that a class bootstrap can speak of."""
    return [
        Beyond(card, result, interval)
        for card in cards
        for result in card.results
        if (interval := beyond(result))
    ]


def beyond_frame(found: Iterable[Beyond]) -> pd.DataFrame:
    """One row per result: fractions, nothing rounded."""
    return pd.DataFrame(
        [{**_named(one.result), **asdict(one.interval)} for one in found]
    )


def beyond_grid(found: Sequence[Beyond], names: Mapping[int, str]) -> Grid:
    """Each accuracy with the limits that hold for these classes, and for others.
    names: of the results by id."""
    rows = [
        [
            Entry(f"{names[id(result)]} on {card.label}"),
            Entry(_limits(_usual(result)), result=result),
            Entry(_limits(interval)),
            Entry(f"{interval.n:,}"),
        ]
        for card, result, interval in found
    ]
    header = ["result", "these classes", "other classes", "n"]
    return Grid("Limits of the accuracy (%)", "prrr", header, rows, (BEYOND_NOTE,))


def beyond(result: RunResult) -> Interval | None:
    """`class_bootstrap` where it can be had."""
    try:
        return class_bootstrap(result)
    except ResultError:
        return None


def _usual(result: RunResult) -> Interval | None:
    try:
        return result_interval(result)
    except ResultError:
        return None


def _limits(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    low, high = (
        100 * min(max(limit, 0.0), 1.0) for limit in (interval.low, interval.high)
    )
    return f"{low:.2f} to {high:.2f}"


def _named(result: RunResult) -> dict[str, object]:
    names = ("learner", "backbone", "precision", "train_seed")
    return {
        "result": result.file_stem,
        **{name: getattr(result, name) for name in names},
    }

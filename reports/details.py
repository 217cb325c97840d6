"""Beyond the mean of a protocol card: what holds for other classes, and where accuracy is lost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

import pandas as pd

from .cards import Card
from .diagnostics import class_accuracy, confused_pairs, hardest_episodes
from .grid import Entry, Grid
from .intervals import Interval, class_bootstrap, result_interval
from .records import ResultError, RunResult

LISTED = 100  # confusions and episodes of a result, in the CSV files
SHOWN = 5  # of them on the page

BEYOND_NOTE = (
    "± of these classes: as in the accuracy table; limits for other classes: 95 % open-bootstrap, "
    "which draws the n classes again. Neither knows of other training runs"
)
LOST_NOTE = (
    "of the most accurate result of the card; rate: share of the queries of the first class, in "
    "episodes that hold both, that were taken for the second. The CSV files list more"
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
    return pd.DataFrame([{**_named(one.result), **asdict(one.interval)} for one in found])


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


def lost_frames(results: Sequence[RunResult]) -> dict[str, pd.DataFrame]:
    """Accuracy of every class, the most frequent confusions and the hardest episodes of these
    results, as frames by name."""
    every: dict[str, Callable[[RunResult], pd.DataFrame]] = {
        "classes": class_accuracy,
        "confusions": lambda result: confused_pairs(result, LISTED),
        "hardest_episodes": lambda result: _joined_classes(hardest_episodes(result, LISTED)),
    }
    return {
        name: pd.concat([made(result).assign(**_named(result)) for result in results])
        for name, made in every.items()
        if results
    }


def lost_grids(card: Card) -> list[Grid]:
    """The most frequent confusions and the hardest episodes of a card's most accurate result."""
    result = card.results[0]
    pairs = [
        [
            Entry(row["true"]),
            Entry(row["predicted"]),
            Entry(f"{row['wrong']:,}", result=result),
            Entry(f"{row['met']:,}"),
            Entry(f"{100 * row['rate']:.1f} %"),
        ]
        for row in confused_pairs(result, SHOWN).to_dict("records")
    ]
    episodes = [
        [
            Entry(f"{row['episode']}"),
            Entry(f"{100 * row['accuracy']:.1f} %", result=result),
            Entry(", ".join(row["classes"][:8]) + ", …" * (len(row["classes"]) > 8)),
        ]
        for row in hardest_episodes(result, SHOWN).to_dict("records")
        if row["accuracy"] < 1
    ]
    header = ["class", "taken for", "wrong", "asked", "rate"]
    listed = ["episode", "accuracy", "classes"]
    grids = [
        Grid(f"{card.label}: most frequent confusions", "pprrr", header, pairs, (LOST_NOTE,)),
        Grid(f"{card.label}: hardest episodes", "lrp", listed, episodes),
    ]
    return [grid for grid in grids if grid.rows]


def _usual(result: RunResult) -> Interval | None:
    try:
        return result_interval(result)
    except ResultError:
        return None


def _limits(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    low, high = (100 * min(max(limit, 0.0), 1.0) for limit in (interval.low, interval.high))
    return f"{low:.2f} to {high:.2f}"


def _joined_classes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(classes=frame["classes"].map("; ".join))


def _named(result: RunResult) -> dict[str, object]:
    names = ("learner", "backbone", "precision", "train_seed")
    return {"result": result.file_stem, **{name: getattr(result, name) for name in names}}

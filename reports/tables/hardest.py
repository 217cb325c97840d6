"""TODO docstring of fewbench.reports.tables.hardest."""

from collections.abc import Callable, Sequence

import pandas as pd

from ..groups import Card
from ..records import RunResult
from ..stats.diagnostics import class_accuracy, confused_pairs, hardest_episodes
from .other_classes import _named
from .rendering import Entry, Grid

LISTED = 100  # confusions and episodes of a result, in the CSV files


SHOWN = 5  # of them on the page


LOST_NOTE = (
    "of the most accurate result of the card; rate: share of the queries of the first class, in "
    "episodes that hold both, that were taken for the second. The CSV files list more"
)


def lost_frames(results: Sequence[RunResult]) -> dict[str, pd.DataFrame]:
    """Accuracy of every class, the most frequent confusions and the hardest episodes of these
    results, as frames by name."""
    every: dict[str, Callable[[RunResult], pd.DataFrame]] = {
        "classes": class_accuracy,
        "confusions": lambda result: confused_pairs(result, LISTED),
        "hardest_episodes": lambda result: _joined_classes(
            hardest_episodes(result, LISTED)
        ),
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
        Grid(
            f"{card.label}: most frequent confusions",
            "pprrr",
            header,
            pairs,
            (LOST_NOTE,),
        ),
        Grid(f"{card.label}: hardest episodes", "lrp", listed, episodes),
    ]
    return [grid for grid in grids if grid.rows]


def _joined_classes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(classes=frame["classes"].map("; ".join))

"""Make tables of the classes, confusions and episodes with the most wrong answers."""

from collections.abc import Callable, Sequence

import pandas as pd

from ..groups import ResultGroup
from ..records import RunResult
from ..stats.diagnostics import class_accuracy, confused_pairs, hardest_episodes
from .frames import naming_columns
from .printed_table import PrintedCell, PrintedTable

LISTED = 100  # the most confusions or episodes of a result in the CSV files
SHOWN = 5  # the most confusions or episodes of a result in printed tables
SHOWN_CLASSES = 8  # the most classes of an episode in printed tables
CONFUSIONS_NOTE = (
    "of the most accurate result of the protocol; rate: share of the queries of the first class, "
    "in episodes that hold both, that were taken for the second. The CSV files list more"
)
_CONFUSIONS_HEADER = ["class", "taken for", "wrong", "asked", "rate"]
_EPISODES_HEADER = ["episode", "accuracy", "classes"]


def lost_frames(results: Sequence[RunResult]) -> dict[str, pd.DataFrame]:
    """Make data frames of the hardest classes, confusions and episodes in some results.

    "classes" -> the accuracy of every class
    "confusions" -> the most frequent confusions of one class with another
    "hardest_episodes" -> the episodes with the fewest right answers
    The dict is empty if there are no results.
    """
    if not results:
        return {}
    return {
        "classes": _frame(results, class_accuracy),
        "confusions": _frame(results, _listed_confusions),
        "hardest_episodes": _frame(results, _listed_episodes),
    }


def lost_grids(group: ResultGroup) -> list[PrintedTable]:
    """Make tables of the most frequent confusions and the hardest episodes.

    A table without rows is left out.

    group: the group with its most accurate result first; only this result is used
    """
    result = group.results[0]
    confusions = PrintedTable(
        title=f"{group.label}: most frequent confusions",
        align="pprrr",
        header=_CONFUSIONS_HEADER,
        rows=_confusion_rows(result),
        notes=[CONFUSIONS_NOTE],
    )
    episodes = PrintedTable(
        title=f"{group.label}: hardest episodes",
        align="lrp",
        header=_EPISODES_HEADER,
        rows=_episode_rows(result),
    )
    return [grid for grid in (confusions, episodes) if grid.rows]


def _frame(
    results: Sequence[RunResult],
    analysis: Callable[[RunResult], pd.DataFrame],
) -> pd.DataFrame:
    """Apply an analysis to each result, and join the data frames that it returns."""
    frames = []
    for result in results:
        frame = analysis(result)
        frames.append(frame.assign(**naming_columns(result)))
    return pd.concat(frames)


def _listed_confusions(result: RunResult) -> pd.DataFrame:
    return confused_pairs(result, LISTED)


def _listed_episodes(result: RunResult) -> pd.DataFrame:
    frame = hardest_episodes(result, LISTED)
    return frame.assign(classes=frame["classes"].map("; ".join))


def _confusion_rows(result: RunResult) -> list[list[PrintedCell]]:
    rows = []
    for row in confused_pairs(result, SHOWN).to_dict("records"):
        rows.append(
            [
                PrintedCell(row["true"]),
                PrintedCell(row["predicted"]),
                PrintedCell(f"{row['wrong']:,}", result=result),
                PrintedCell(f"{row['met']:,}"),
                PrintedCell(f"{100 * row['rate']:.1f} %"),
            ]
        )
    return rows


def _episode_rows(result: RunResult) -> list[list[PrintedCell]]:
    rows = []
    for row in hardest_episodes(result, SHOWN).to_dict("records"):
        if row["accuracy"] == 1:
            continue
        rows.append(
            [
                PrintedCell(str(row["episode"])),
                PrintedCell(f"{100 * row['accuracy']:.1f} %", result=result),
                PrintedCell(_shown_classes(row["classes"])),
            ]
        )
    return rows


def _shown_classes(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_CLASSES])
    return f"{shown}, …" if len(names) > SHOWN_CLASSES else shown

"""Results as tables: a data frame and CSV for programs; Markdown, LaTeX and text for readers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from fewbench.files import write_text

from ..groups import Card
from ..records import RunResult
from ..stats.comparisons import Comparison
from ..stats.diagnostics import calibration_error
from .accuracy import Cell, Table, accuracy_tables


def results_frame(results: Iterable[RunResult]) -> pd.DataFrame:
    """One row per result, nothing rounded: `mean`, `low`, `high` and `half_width` are fractions.
    `card` is the protocol's name, numbered where results of one name had different episodes;
    `standing` is "best" or "tied" (not significantly worse) within it."""
    return tables_frame(accuracy_tables(results))


def tables_frame(tables: Iterable[Table]) -> pd.DataFrame:
    """The same of tables that are laid out already."""
    columns = [
        (card, [row.cells[i] for row in table.rows])
        for table in tables
        for i, card in enumerate(table.cards)
    ]
    rows = [_frame_row(card, cell) for card, cells in columns for cell in cells if cell]
    return pd.DataFrame(rows)


def seeds_frame(tables: Iterable[Table]) -> pd.DataFrame:
    """One row per recipe and card of `seed_tables`: the spread between training seeds."""
    rows = [
        {
            "card": card.label,
            "learner": cell.result.learner,
            "backbone": cell.result.backbone,
            "precision": cell.result.precision,
            "train_seeds": " ".join(str(result.train_seed) for result in cell.results),
            **_interval_columns(cell),
        }
        for table in tables
        for row in table.rows
        for card, cell in zip(table.cards, row.cells, strict=True)
        if cell is not None
    ]
    return pd.DataFrame(rows)


def comparisons_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row per compared pair, nothing rounded: differences are fractions."""
    return pd.DataFrame(
        [
            {
                "a": pair.a.file_stem,
                "b": pair.b.file_stem,
                "difference": pair.difference,
                "low": pair.interval.low,
                "high": pair.interval.high,
                "level": pair.interval.level,
                "kind": pair.interval.kind,
                "p_value": pair.p_value,
                "p_adjusted": pair.p_adjusted,
                "superiority": pair.superiority,
                "n": pair.n,
            }
            for pair in comparisons
        ]
    )


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame to `path`; every number can be read back exactly."""
    return write_text(path, frame.to_csv(index=False, lineterminator="\n"))


def _frame_row(card: Card, cell: Cell) -> dict[str, Any]:
    result, protocol = cell.result, card.protocol
    shape = (
        "n_way",
        "n_shot",
        "n_query",
        "n_episodes",
        "rotations",
        "task_rotations",
        "sampling",
    )
    trained = ("learner", "backbone", "precision", "device", "train_seed")
    marks = ("transductive", "partial")
    sources = (
        "data_fingerprint",
        "episodes_fingerprint",
        "checkpoint_sha256",
        "created_utc",
    )
    return {
        "result": result.file_stem,
        "dataset": protocol.dataset,
        "split": protocol.split,
        "protocol": protocol.name,
        "card": card.label,
        **{name: getattr(protocol, name) for name in (*shape, "adaptation_steps")},
        "episode_seed": protocol.seed,
        **{name: getattr(result, name) for name in (*trained, *marks)},
        **_interval_columns(cell),
        "standing": cell.standing,
        "calibration_error": calibration_error(result),
        **{name: getattr(result, name) for name in (*sources, "command")},
    }


def _interval_columns(cell: Cell) -> dict[str, Any]:
    """Without an interval the mean stands alone; the kind is the one that it would have had."""
    interval = cell.interval
    kind, n = cell.result.protocol.interval, cell.result.protocol.n_episodes
    return {
        "mean": cell.mean,
        "half_width": interval.half_width if interval else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "level": interval.level if interval else None,
        "kind": interval.kind if interval else kind,
        "n": interval.n if interval else n,
    }

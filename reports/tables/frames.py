"""Make data frames and CSV files from results, for use by programs."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from fewbench.documents import csv_cell
from fewbench.files import write_text

from ..groups import ResultGroup
from ..records import RunResult
from ..stats.comparisons import Comparison
from ..stats.diagnostics import calibration_error
from .accuracy import accuracy_tables
from .cells import Cell
from .table import Table


def results_frame(results: Iterable[RunResult]) -> pd.DataFrame:
    """Make a data frame with one row per result and unrounded numbers.

    The columns `mean`, `low`, `high` and `half_width` are fractions.
    The column `card` is the name of the protocol. If results of this protocol were
    scored on different episodes, a group number follows the name.
    The column `standing` is "best", "tied" (not significantly worse than the best) or "".
    It compares the results with the same `card`.
    """
    return tables_frame(accuracy_tables(results))


def tables_frame(tables: Iterable[Table]) -> pd.DataFrame:
    """Make the data frame of `results_frame` from existing accuracy tables."""
    rows = []
    for table in tables:
        for place, group in enumerate(table.groups):
            for row in table.rows:
                cell = row.cells[place]
                if cell is not None:
                    rows.append(_result_row(group, cell))
    return pd.DataFrame(rows)


def seeds_frame(tables: Iterable[Table]) -> pd.DataFrame:
    """Make a data frame of the accuracies over training seeds: one row per cell.

    tables: from `seed_tables`
    """
    rows = []
    for table in tables:
        for row in table.rows:
            for group, cell in zip(table.groups, row.cells, strict=True):
                if cell is not None:
                    rows.append(_seeds_row(group, cell))
    return pd.DataFrame(rows)


def comparisons_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """Make a data frame with one row per compared pair and unrounded fractions.

    A pair with equal predictions has the kind "equal" and no interval.
    """
    return pd.DataFrame(map(_comparison_row, comparisons))


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a data frame as a CSV file from which every number is read back exactly.

    Texts come from strangers. No spreadsheet takes one for a formula, see `csv_cell`.
    Return the path.
    """
    inert = frame.map(_inert).rename(columns=_inert)
    return write_text(path, inert.to_csv(index=False, lineterminator="\n"))


def _inert(value: object) -> object:
    return csv_cell(value) if isinstance(value, str) else value


def naming_columns(result: RunResult) -> dict[str, object]:
    """Return the columns that identify the result in a row: column name -> value."""
    return {
        "result": result.file_stem,
        "learner": result.learner,
        "backbone": result.backbone,
        "precision": result.precision,
        "train_seed": result.train_seed,
    }


def _result_row(group: ResultGroup, cell: Cell) -> dict[str, object]:
    result = cell.result
    protocol = group.protocol
    return {
        "result": result.file_stem,
        "dataset": protocol.dataset,
        "split": protocol.split,
        "protocol": protocol.name,
        "card": group.label,
        "n_way": protocol.n_way,
        "n_shot": protocol.n_shot,
        "n_query": protocol.n_query,
        "n_episodes": protocol.n_episodes,
        "rotations": protocol.rotations,
        "task_rotations": protocol.task_rotations,
        "sampling": protocol.sampling,
        "adaptation_steps": protocol.adaptation_steps,
        "episode_seed": protocol.seed,
        "learner": result.learner,
        "backbone": result.backbone,
        "precision": result.precision,
        "preparation": result.image_changes,
        "device": result.device,
        "train_seed": result.train_seed,
        "transductive": result.transductive,
        "partial": result.partial,
        **_interval_columns(cell),
        "standing": cell.standing,
        "calibration_error": calibration_error(result),
        "data_fingerprint": result.data_fingerprint,
        "data_standing": result.data_standing,
        "episodes_fingerprint": result.episodes_fingerprint,
        "checkpoint_sha256": result.checkpoint_sha256,
        "created_utc": result.created_utc,
        "command": result.command,
    }


def _seeds_row(group: ResultGroup, cell: Cell) -> dict[str, object]:
    seeds = [str(result.train_seed) for result in cell.results]
    return {
        "card": group.label,
        "learner": cell.result.learner,
        "backbone": cell.result.backbone,
        "precision": cell.result.precision,
        "train_seeds": " ".join(seeds),
        **_interval_columns(cell),
    }


def _interval_columns(cell: Cell) -> dict[str, object]:
    """Return the columns of the mean and its interval: column name -> value.

    If there is no interval, `kind` is the kind that the protocol asks for, and `n` is
    the number of episodes.
    """
    interval = cell.interval
    if interval is None:
        protocol = cell.result.protocol
        return {
            "mean": cell.mean,
            "half_width": None,
            "low": None,
            "high": None,
            "level": None,
            "kind": protocol.interval,
            "n": protocol.n_episodes,
        }
    return {
        "mean": cell.mean,
        "half_width": interval.half_width,
        "low": interval.low,
        "high": interval.high,
        "level": interval.level,
        "kind": interval.kind,
        "n": interval.n,
    }


def _comparison_row(pair: Comparison) -> dict[str, object]:
    interval = pair.interval
    changed = pair.churn
    return {
        "a": pair.a.file_stem,
        "b": pair.b.file_stem,
        "difference": pair.difference,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "level": interval.level if interval else None,
        "kind": interval.kind if interval else "equal",
        "p_value": pair.p_value if interval else None,
        "p_adjusted": pair.p_adjusted if interval else None,
        "superiority": pair.superiority,
        "n": pair.n,
        "predictions": changed.n,
        "changed": changed.n_changed,
        "right_to_wrong": changed.right_to_wrong,
        "wrong_to_right": changed.wrong_to_right,
    }

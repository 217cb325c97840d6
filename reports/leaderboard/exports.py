"""The tables of a board as CSV and JSON, for other programs."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from fewbench.documents import csv_cell

from .board_rows import LEVEL, ProtocolTable, Rank, Row

# Name of a column -> value. None means that the value is not known.
Record = dict[str, object]
SORTED_BY = "mean, the highest first; equal means by entry"


def table_json(table: ProtocolTable) -> str:
    """Return a protocol's table as JSON, with all that its page shows."""
    protocol = asdict(table.protocol)
    document = {
        "format": "fewbench-leaderboard-table",
        "protocol": protocol,
        "protocol_sha256": table.protocol.sha256,
        "level": LEVEL,
        "ranked": table.n_ranked,
        "pairs": table.n_pairs,
        "sorted_by": SORTED_BY,
        "rows": records(table),
    }
    return json_text(document)


def table_csv(table: ProtocolTable) -> str:
    """Return a protocol's table as CSV."""
    return csv_text(records(table))


def records(table: ProtocolTable) -> list[Record]:
    """Return the rows of a table as flat records. Accuracies are fractions."""
    return [record(table.protocol.name, row) for row in table.rows]


def record(protocol_name: str, row: Row) -> Record:
    """Return a row as a flat record: name of a column -> value."""
    best, worst = _limits(row.rank)
    seed_best, seed_worst = _limits(row.seed_rank)
    return {
        "protocol": protocol_name,
        "rank_best": best,
        "rank_worst": worst,
        "seed_rank_best": seed_best,
        "seed_rank_worst": seed_worst,
        "method": row.method,
        "entry": row.entry,
        "standing": row.standing,
        "replaced_by": row.replaced_by,
        "trust": row.trust,
        "mean": row.mean,
        "half_width": row.half_width,
        "half_width_is": row.half_width_is,
        "episodes": row.n_episodes,
        "seeds": len(row.train_seeds) or None,
        "seed_sd": row.seed_sd,
        "transductive": row.transductive,
        "backbone": row.backbone,
        "pretraining": row.pretraining,
        "saw_test_classes": row.saw_test_classes,
        "parameters": row.parameters,
        "pixels": row.pixels,
        "date": row.date,
        "made_with": row.made_with,
        "source": row.source,
        "url": row.url,
    }


def json_text(document: Mapping[str, object]) -> str:
    """Return a document as JSON in ASCII, with one final line end.

    All other characters are written by their codes, so the text also is JavaScript.
    """
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False)
    return text + "\n"


def csv_text(rows: Iterable[Record]) -> str:
    """Return records as CSV. All of them have the same columns."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for i, row in enumerate(rows):
        if i == 0:
            writer.writerow(row)
        writer.writerow(map(_cell, row.values()))
    return file.getvalue()


def _limits(rank: Rank | None) -> tuple[int | None, int | None]:
    if rank is None:
        return None, None
    return rank.best, rank.worst


def _cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return str(value)
    return csv_cell(value)

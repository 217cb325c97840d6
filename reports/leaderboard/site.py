"""Write a whole board as a static site, which needs no network and no server."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fewbench.documents import shown
from fewbench.folders import whole_folder

from ..page.parts import part
from ..protocol import EvalProtocol
from ..records import ResultError
from .addresses import entry_folder, episodes_file, protocol_folder
from .board_rows import ProtocolTable, table_of
from .entries import Board, Entry
from .episode_data import as_script, episode_json
from .exports import csv_text, json_text, record, table_csv, table_json
from .model_index import model_index, yaml_text
from .pages import (
    OnProtocol,
    compare_page,
    entry_page,
    index_page,
    protocol_page,
    rules_page,
)

_PACKAGE = "fewbench.reports.leaderboard"
# Name of a file -> its text.
Files = Mapping[str, str]


def write_site(board: Board, out: Path) -> Path:
    """Write all pages of a board, with their data, and return the first page.

    The same board gives the same bytes. Files of an earlier call that are not written
    again are removed; all other files in `out` stay.
    Raises ResultError if an entry or the name of a protocol is there twice, or if an entry
    cannot be ranked with the others.
    Raises OSError if the folder cannot be written. Nothing is then half-written.
    """
    _check_ids(board.entries)
    _check_folders(board.protocols)
    tables = [table_of(board, protocol) for protocol in board.protocols]
    with whole_folder(out) as folder:
        _write(folder, _first_files(board, tables))
        for table in tables:
            place = protocol_folder(table.protocol.name)
            _write(folder / place, _protocol_files(board, table))
        for entry_id, runs in _by_id(board, tables).items():
            place = entry_folder(entry_id)
            _write(folder / place, _entry_files(board, runs))
            for run in runs:
                _write(folder, _episode_files(run.entry))
    return Path(out) / "index.html"


def _check_ids(entries: Sequence[Entry]) -> None:
    """Raise ResultError if two entries would have the same files."""
    seen: set[str] = set()
    for entry in entries:
        name = episodes_file(entry.id, entry.protocol.name)
        if name in seen:
            raise ResultError(
                f"cannot write the pages of {shown(entry.id)}: expected one entry of "
                f"this id on {entry.protocol.name}, got two. Rename one of the bundles"
            )
        seen.add(name)


def _check_folders(protocols: Sequence[EvalProtocol]) -> None:
    """Raise ResultError if two protocols would have the same folder."""
    seen: set[str] = set()
    for protocol in protocols:
        folder = protocol_folder(protocol.name)
        if folder in seen:
            raise ResultError(
                f"cannot write the pages of {shown(protocol.name)}: expected one protocol "
                f"of this name, got two with different settings. Leave out the bundles of "
                f"one of them"
            )
        seen.add(folder)


def _by_id(
    board: Board,
    tables: Sequence[ProtocolTable],
) -> Mapping[str, Sequence[OnProtocol]]:
    """Return each entry on all its protocols: id -> entry on a protocol."""
    found: dict[str, list[OnProtocol]] = defaultdict(list)
    for table in tables:
        for run in _runs(board, table):
            found[run.entry.id].append(run)
    return found


def _runs(board: Board, table: ProtocolTable) -> Iterator[OnProtocol]:
    entries = {entry.id: entry for entry in board.on(table.protocol)}
    above = ""
    for row in table.rows:
        if not row.entry:
            continue
        yield OnProtocol(
            table=table,
            entry=entries[row.entry],
            row=row,
            above=above,
        )
        above = row.entry


def _first_files(board: Board, tables: Sequence[ProtocolTable]) -> Files:
    style_of_reports = part("fewbench.reports.page", "page.css")
    found = {
        "style.css": style_of_reports + part(_PACKAGE, "board.css"),
        "board.js": part(_PACKAGE, "board.js"),
        "compare.js": part(_PACKAGE, "compare.js"),
        "index.html": index_page(board, tables),
    }
    if board.rules_text:
        found["rules.html"] = rules_page(board)
    return found


def _protocol_files(board: Board, table: ProtocolTable) -> Files:
    return {
        "index.html": protocol_page(board, table),
        "compare.html": compare_page(board, table),
        "table.csv": table_csv(table),
        "table.json": table_json(table),
    }


def _entry_files(board: Board, runs: Sequence[OnProtocol]) -> Files:
    rows = [(run.entry.protocol, run.row) for run in runs]
    numbers = [record(protocol.name, row) for protocol, row in rows]
    index = model_index(rows)
    document = {
        "format": "fewbench-leaderboard-entry",
        "rows": numbers,
    }
    return {
        "index.html": entry_page(board, runs),
        "results.csv": csv_text(numbers),
        "results.json": json_text(document),
        "model-index.yaml": yaml_text(index),
        "model-index.json": json_text(index),
    }


def _episode_files(entry: Entry) -> Files:
    name = episodes_file(entry.id, entry.protocol.name)
    data = episode_json(entry)
    return {
        f"{name}.json": data,
        f"{name}.js": as_script(data),
    }


def _write(folder: Path, found: Files) -> None:
    for name, text in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

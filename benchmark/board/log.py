"""The log of a board: a line for each event. It is only ever continued."""

import datetime
import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.documents import (
    DocumentError,
    explain,
    fit,
    parse_json,
    read_bytes,
)
from fewbench.errors import UserError
from fewbench.files import write_bytes

from ...reports.origin import RECORD, Sha256

# Lower-case letters, digits, dots and hyphens: a name of a file on every system.
ID_PATTERN = r"^[a-z0-9][a-z0-9.-]{0,79}$"
EntryId = Annotated[str, Field(pattern=ID_PATTERN)]
Action = Literal["added", "updated", "withdrawn", "objection", "verdict", "re-trained"]
ADDING = ("added", "updated")


def _check_date(text: str) -> str:
    datetime.date.fromisoformat(text)
    return text


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_check_date)]


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Event:
    """A line of the log.

    date: the day in UTC, such as "2026-11-26"
    entry: the id of the entry
    bundle_sha256: the SHA-256 of the bundle that was added
    replaces: the id of the entry that this one replaces; "" for none
    text: the reason, the objection or the verdict on it, or a link
    """

    date: Day
    action: Action
    entry: EntryId
    bundle_sha256: Sha256 | None = None
    replaces: EntryId | Literal[""] = ""
    text: Annotated[str, Field(max_length=2000)] = ""


_SCHEMA = TypeAdapter(Event)


def make_event(**fields: Any) -> Event:
    """Return an event from what a user typed.

    Raises UserError if a field cannot be written into a log.
    """
    try:
        return Event(**fields)
    except ValidationError as invalid:
        raise UserError(
            f"cannot write into the log: {explain(invalid)}. Correct what you typed"
        ) from invalid


def today() -> str:
    """Return the day in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def read_log(path: Path) -> list[Event]:
    """Read all lines of a log, the oldest first.

    Raises UserError if the log is missing or a line is damaged.
    """
    return parse_log(path, read_log_bytes(path))


def read_log_bytes(path: Path) -> bytes:
    """Read the bytes of a log. Raises UserError if it is missing or no file."""
    try:
        return read_bytes(path)
    except (OSError, DocumentError) as damage:
        raise UserError(
            f"{path}: cannot read the log of the board: expected a file with a JSON "
            f"document on each line, got {damage}. Restore it: git checkout -- "
            f"{shlex.quote(str(path))}"
        ) from damage


def parse_log(path: Path, data: bytes) -> list[Event]:
    """Parse the bytes of a log, as `read_log` does.

    path: where the bytes were read, for errors
    """
    return list(_events(path, data))


def append_event(path: Path, event: Event) -> None:
    """Add a line at the end of a log. The caller holds the lock of the board."""
    document = asdict(event)
    line = json.dumps(document, sort_keys=True, ensure_ascii=False)
    old = read_bytes(path) if path.exists() else b""
    write_bytes(path, old + f"{line}\n".encode(), durable=True)


def _events(path: Path, data: bytes) -> Iterator[Event]:
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            yield fit(parse_json(line), _SCHEMA)
        except DocumentError as damage:
            raise UserError(
                f"{path}, line {number}: expected an event as fewbench leaderboard wrote "
                f"it, got {damage}. Restore it: git checkout -- {shlex.quote(str(path))}"
            ) from damage

"""Keep the accuracies of all nights in one file of JSON lines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.documents import (
    DocumentError,
    fit,
    newer_version,
    parse_json,
    read_bytes,
)
from fewbench.errors import UserError
from fewbench.files import write_bytes
from fewbench.locks import exclusive

from ...reports.origin import RECORD
from .references.key import Count, Line
from .verdict import Outcome

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Night:
    """One check of one night.

    date: such as "2026-11-26", in UTC
    name: the name in the reference's key
    protocol: the name of the protocol
    reference_sha256: the SHA-256 of the reference.json that the night was compared with
    accuracy: a fraction
    train_seed: the seed of the night's training run; that of the model for the kind "same"
    outcome: the outcome of the verdict
    commit: the commit that was tested; "" if unknown
    """

    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    name: Line
    protocol: Line
    reference_sha256: Line
    accuracy: Annotated[float, Field(ge=0, le=1)]
    train_seed: Count
    outcome: Outcome
    commit: Line = ""


@dataclass(frozen=True)
class LookBack:
    """What the history says of a reference, seen from a date.

    earlier: the first accuracy of each earlier date, in order
    tonight: training seed -> accuracy, of this date; empty unless the night is a repeat
    """

    earlier: Sequence[float]
    tonight: Mapping[int, float]


_SCHEMA = TypeAdapter(Night)


def read_nights(path: Path) -> list[Night]:
    """Read all nights of a file, in order; [] if there is no file.

    Raises UserError if a line is damaged or was written by a newer fewbench.
    """
    nights = []
    for number, line in enumerate(_read(path).splitlines(), start=1):
        if line.strip():
            nights.append(_night(f"{path}, line {number}", line))
    return nights


def append_nights(path: Path, nights: Iterable[Night]) -> None:
    """Add nights at the end of a file. Other processes wait meanwhile.

    The file is replaced as a whole, so no process sees half a line.
    Raises UserError if the file is damaged.
    """
    path = Path(path)
    lines = b"".join(map(_line, nights))
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    with exclusive(lock, f"writing {path}", wait=True):
        read_nights(path)  # nothing is added to a damaged file
        old = _read(path)
        if old and not old.endswith(b"\n"):
            old += b"\n"
        write_bytes(path, old + lines, durable=True)


def look_back(
    nights: Sequence[Night],
    name: str,
    protocol: str,
    reference_sha256: str,
    date: str,
) -> LookBack:
    """Return what the nights of a reference say on a date.

    If a night was repeated, its first accuracy counts, of each training seed. Otherwise
    people could repeat nights until they like the result.

    nights: from `read_nights`
    date: the date of the present night, such as "2026-11-26"
    Raises UserError if the reference has a later night.
    """
    wanted = (name, protocol, reference_sha256)
    by_date: dict[str, dict[int, float]] = {}
    for night in nights:
        if (night.name, night.protocol, night.reference_sha256) == wanted:
            runs = by_date.setdefault(night.date, {})
            runs.setdefault(night.train_seed, night.accuracy)
    tonight = by_date.pop(date, {})
    newest = max(by_date, default=date)
    if newest > date:
        raise UserError(
            f"{name}: cannot judge the night of {date} by all nights: expected a date "
            f"that is not before the newest night in the history, {newest}, got {date}. "
            f"Type --accuracy-date={newest} or a later date, or leave out "
            f"--accuracy-history to judge this night alone"
        )
    earlier = [next(iter(by_date[one].values())) for one in sorted(by_date)]
    return LookBack(earlier, tonight)


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return b""
    except DocumentError as error:
        raise _damaged(str(path), str(error)) from error


def _line(night: Night) -> bytes:
    document = {**asdict(night), "schema_version": SCHEMA_VERSION}
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def _night(where: str, line: bytes) -> Night:
    try:
        document = parse_json(line)
        version = newer_version(document, SCHEMA_VERSION)
        if version is None:
            return fit(document, _SCHEMA)
    except DocumentError as error:
        raise _damaged(where, str(error)) from error
    raise UserError(
        f"{where}: written by a newer fewbench: expected schema_version {SCHEMA_VERSION} "
        f"or older, got {version}. Upgrade: pip install --upgrade fewbench"
    )


def _damaged(where: str, got: str) -> UserError:
    return UserError(
        f"{where}: cannot read a night: expected a line of JSON as fewbench wrote it, got "
        f"{got}. Delete this line, or begin a new file"
    )

"""Keep the accuracies of all nights in one file of JSON lines."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.documents import (
    UPGRADE,
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
from .dates import read_date
from .references.key import Count, Line
from .verdict import Outcome

SCHEMA_VERSION = 1


def _check_date(text: str) -> str:
    read_date(text)
    return text


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Night:
    """One training run of one check on one night.

    date: such as "2026-11-26", in UTC
    name: the name in the reference's key
    protocol: the name of the protocol
    reference_sha256: the SHA-256 of the reference.json that the night was compared with
    accuracy: a fraction
    train_seed: the seed of the night's training run; that of the model for the kind "same"
    outcome: the outcome of the verdict
    commit: the commit that was tested; "" if unknown
    """

    date: Annotated[str, AfterValidator(_check_date)]
    name: Line
    protocol: Line
    reference_sha256: Line
    accuracy: Annotated[float, Field(ge=0, le=1)]
    train_seed: Count
    outcome: Outcome
    commit: Line = ""


_SCHEMA = TypeAdapter(Night)


def read_nights(path: Path) -> list[Night]:
    """Read all nights of a file, in order; [] if there is no file.

    Raises UserError if the file cannot be read, or if a line is damaged or was written by
    a newer fewbench.
    """
    nights = []
    for number, line in enumerate(_read(path).splitlines(), start=1):
        if line.strip():
            nights.append(_night(f"{path}, line {number}", line))
    return nights


def append_nights(path: Path, nights: Iterable[Night]) -> None:
    """Add nights at the end of a file. Other processes wait meanwhile.

    The file is replaced as a whole, so no process sees half a line.
    Raises UserError if the file is damaged or cannot be written.
    """
    path = Path(path)
    lines = b"".join(map(_line, nights))
    lock = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(lock, f"writing {path}", wait=True):
            read_nights(path)  # nothing is added to a damaged file
            old = _read(path)
            if old and not old.endswith(b"\n"):
                old += b"\n"
            write_bytes(path, old + lines, durable=True)
    except OSError as error:
        raise _no_file(path, "write", error.strerror or str(error)) from None


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise _no_file(path, "read", "a folder or a device")
        return read_bytes(path)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _no_file(path, "read", error.strerror or str(error)) from None
    except DocumentError as error:
        raise _no_file(path, "read", str(error)) from None


def _no_file(path: Path, verb: str, got: str) -> UserError:
    return UserError(
        f"{path}: cannot {verb} the history of the nights: expected a file of JSON lines, "
        f"got: {got}. Type --accuracy-history with another file"
    )


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
        raise _damaged(where, f"another line ({error})") from error
    raise UserError(
        f"{where}: written by a newer fewbench: expected schema_version {SCHEMA_VERSION} "
        f"or older, got {version}. {UPGRADE}"
    )


def _damaged(where: str, got: str) -> UserError:
    return UserError(
        f"{where}: cannot read a night: expected a line of JSON as fewbench wrote it, got "
        f"{got}. Delete this line, or begin a new file"
    )

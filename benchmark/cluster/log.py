"""What each process did: a line of JSON for each task that it tried.

Each process writes a file of its own. The lines are for people and for `grid status`. No
work depends on them.
"""

import json
import os
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fewbench.documents import DocumentError, fit, parse_json
from fewbench.files import open_file

from .conditions import Conditions
from .outcome import Outcome, State
from .task import Kind, Task

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_LONGEST_LINE = 1 << 16
_LONGEST_TEXT = 2000
_UNSAFE = re.compile(r"[^\w.-]")


@dataclass(frozen=True)
class LogLine:
    """What became of one attempt at a task.

    task: the id of the task
    seconds: how long each part took, such as "work" and "publish"
    conditions: how the machine computes; None if it is not known
    utc: when the attempt ended, such as "2026-11-26T21:00:00+00:00"
    """

    task: str
    kind: Kind
    title: str
    state: State
    reason: str
    seconds: dict[str, float]
    conditions: Conditions | None
    utc: str


def append_line(folder: Path, task: Task, outcome: Outcome) -> None:
    """Write what became of a task to the log of this process in a shared folder.

    Nothing is written if another process has done the task or is working on it. A log
    that cannot be written is no reason to stop, so errors of the disk are ignored.
    """
    if outcome.state == "busy" or (outcome.state == "done" and not outcome.seconds):
        return
    now = datetime.now(UTC)
    line = LogLine(
        task=task.id,
        kind=task.kind,
        title=task.title[:_LONGEST_TEXT],
        state=outcome.state,
        reason=outcome.reason[:_LONGEST_TEXT],
        seconds=outcome.seconds or {},
        conditions=outcome.conditions,
        utc=now.isoformat(timespec="seconds"),
    )
    host = _UNSAFE.sub("_", platform.node())[:100]
    text = json.dumps(asdict(line), separators=(",", ":"))
    with suppress(OSError):
        path = folder / "log" / f"{host}-{os.getpid()}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, text.encode() + b"\n")


def read_log(folder: Path) -> Iterator[LogLine]:
    """Yield the lines of all processes in a shared folder, the lines of a process in order.

    Lines that are damaged are left out, such as the last line of a process that was killed.
    """
    for path in sorted((folder / "log").glob("*.jsonl")):
        for text in _lines(path):
            with suppress(DocumentError):
                yield fit(parse_json(text), _schema())


def _append(path: Path, line: bytes) -> None:
    """Append a line completely or not at all."""
    with path.open("ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            written = file.write(line)
        except OSError:
            file.truncate(before)
            raise
        if written < len(line):
            file.truncate(before)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file that are not too long."""
    if not path.is_file():
        return
    try:
        with open_file(path) as file:
            is_start = True
            while line := file.readline(_LONGEST_LINE):
                is_end = line.endswith(b"\n")
                if is_start and is_end:
                    yield line
                is_start = is_end
    except OSError:
        return


@cache
def _schema() -> "TypeAdapter[LogLine]":
    # Workers write lines, and do not need pydantic for that.
    from pydantic import TypeAdapter

    return TypeAdapter(LogLine)

"""Check what a pull request changes in a board, beside the commit that it started from."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..submission.findings import Finding, error, warning
from .folder import LOG, BoardFolder
from .history import content_at_merge_base, files_at_merge_base, is_unchanged
from .log import ADDING, Event, parse_log, read_log_bytes

_RESTORE = "Restore it: git checkout BASE -- FILE, with your base and this file"
# Nobody but a maintainer writes these, on the main branch.
_MAINTAINER = "Leave it to a maintainer"


@dataclass(frozen=True)
class Base:
    """The last commit that a pull request shares with the branch that it goes to.

    files: path in the board, with "/" -> hash of its content, as git knows it
    log: the bytes of its log
    """

    files: dict[str, str] = field(default_factory=dict)
    log: bytes = b""

    def has(self, name: str) -> bool:
        """Tell whether the base has a file."""
        return name in self.files


def read_base(board: BoardFolder, commit: str) -> Base:
    """Read what the base of a pull request has.

    Raises UserError if the board is in no repository, or if git does not know the commit.
    """
    files = files_at_merge_base(board.path, commit)
    log = content_at_merge_base(board.path, commit, LOG) if LOG in files else b""
    return Base(files, log)


def check_kept(board: BoardFolder, base: Base) -> Iterator[Finding]:
    """Check that nothing of the base is missing or changed."""
    for name, blob in base.files.items():
        path = board.path / name
        if not path.is_file():
            yield error("dropped", name, "the base has it, and it is gone", _RESTORE)
        elif name == LOG or is_unchanged(path, blob):
            continue
        elif name.startswith(("bundles/", "verdicts/")):
            yield error("changed", name, "it is not the file of the base", _RESTORE)
        else:
            what = "it differs from the base"
            yield warning("changed", name, what, "A maintainer has to look at it")


def check_log(board: BoardFolder, base: Base) -> Iterator[Finding]:
    """Check that the log goes on from that of the base, by additions of entries alone."""
    data = read_log_bytes(board.log)
    if not data.startswith(base.log):
        what = "its first lines are not those of the base"
        yield error("log", LOG, what, "Only add lines at its end")
        return
    n_old = len(base.log.splitlines())
    events = parse_log(board.log, data)
    newest = max((event.date for event in events[:n_old]), default="")
    for number, event in enumerate(events[n_old:], start=n_old + 1):
        yield from _check_event(event, f"{LOG}, line {number}", newest)


def _check_event(event: Event, where: str, newest: str) -> Iterator[Finding]:
    """Check a line that a pull request adds.

    newest: the newest date in the log of the base
    """
    if event.action not in ADDING:
        what = f"it says {event.action} of {event.entry}"
        yield error("log-claimed", where, what, _MAINTAINER)
    now = datetime.datetime.now(datetime.UTC).date()
    latest = (now + datetime.timedelta(days=1)).isoformat()
    if not newest <= event.date <= latest:
        what = (
            f"expected a date from {newest or 'any day'} to {latest}, got {event.date}"
        )
        yield error("log-date", where, what, "Add the entry again")

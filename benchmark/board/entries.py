"""The entries that a log leaves, and their standing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fewbench.errors import UserError

from ...reports.leaderboard.entries import Standing
from .log import ADDING, Event


@dataclass(frozen=True)
class Listed:
    """An entry as the log tells of it.

    replaces: the id of the entry that it replaced; "" if there is none
    replaced_by: the id of the newer entry; "" if there is none
    retrained: a link to the training that reached the accuracy; "" if there is none
    """

    id: str
    bundle_sha256: str
    added: str
    replaces: str = ""
    standing: Standing = "current"
    replaced_by: str = ""
    retrained: str = ""


def listed_entries(events: Iterable[Event]) -> dict[str, Listed]:
    """Return all entries by their id, in the order in which they were added.

    Raises UserError if an event cannot have happened, such as the withdrawal of an entry
    that is not there.
    """
    entries: dict[str, Listed] = {}
    for number, event in enumerate(events, start=1):
        if event.action in ADDING:
            _add(entries, event, number)
        elif event.entry not in entries:
            raise _impossible(number, f"{event.entry} is not on the board")
        elif event.action == "withdrawn":
            _change(entries, event.entry, standing="withdrawn")
        elif event.action == "re-trained":
            _change(entries, event.entry, retrained=event.text)
    return entries


def _add(entries: dict[str, Listed], event: Event, number: int) -> None:
    if event.entry in entries:
        raise _impossible(number, f"{event.entry} is on the board already")
    if event.bundle_sha256 is None:
        raise _impossible(number, f"{event.entry} has no bundle_sha256")
    if event.replaces:
        replaced = entries.get(event.replaces)
        if replaced is None or replaced.standing != "current":
            raise _impossible(number, f"{event.replaces} is not a current entry")
        _change(entries, event.replaces, standing="replaced", replaced_by=event.entry)
    entries[event.entry] = Listed(
        event.entry, event.bundle_sha256, event.date, event.replaces
    )


def _change(entries: dict[str, Listed], entry: str, **changes: str) -> None:
    entries[entry] = replace(entries[entry], **changes)  # pyright: ignore[reportArgumentType]


def _impossible(number: int, what: str) -> UserError:
    return UserError(
        f"the log of the board, line {number}: cannot have happened: {what}. Restore the "
        f"log as it was, for example with git checkout in the folder of the board"
    )

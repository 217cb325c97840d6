"""What the history says of a reference: the runs that count, and what they mean for a night."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fewbench.errors import UserError

from .dates import read_date
from .history import Night
from .references.reference_folder import StoredReference
from .verdict import Outcome, worse_of


@dataclass(frozen=True)
class CountedRun:
    """A training run of a night, with the accuracy that counts."""

    date: datetime.date
    train_seed: int
    accuracy: float


@dataclass(frozen=True)
class LookBack:
    """What the history says of a reference, seen from a date.

    earlier: the accuracy of each run of all earlier dates, in order
    tonight: training seed -> accuracy, of this date; empty unless the night is a repeat
    outcome: the worst outcome of this date so far
    """

    earlier: Sequence[float]
    tonight: Mapping[int, float]
    outcome: Outcome = "pass"


def counted_runs(nights: Sequence[Night], stored: StoredReference) -> list[CountedRun]:
    """Return all runs since a reference was accepted, by date.

    If a night was repeated, the lowest accuracy of each training seed counts. Otherwise
    people could repeat a night until they like the result, or a worse second run would
    not be seen.

    nights: from `read_nights`
    """
    lowest: dict[tuple[str, int], float] = {}
    for night in _of_reference(nights, stored):
        run = (night.date, night.train_seed)
        lowest[run] = min(night.accuracy, lowest.get(run, 1.0))
    runs = []
    for (date, seed), accuracy in lowest.items():
        runs.append(CountedRun(read_date(date), seed, accuracy))
    return sorted(runs, key=lambda run: run.date)


def look_back(
    nights: Sequence[Night], stored: StoredReference, date: datetime.date
) -> LookBack:
    """Return what the nights of a reference say on a date; see `counted_runs`.

    Raises UserError if the reference has a later night.
    """
    runs = counted_runs(nights, stored)
    newest = max((run.date for run in runs), default=date)
    if newest > date:
        raise UserError(
            f"{stored.reference.key.name}: cannot judge the night of {date} by all nights: "
            f"expected a date that is not before the newest night in the history, "
            f"{newest}, got {date}. Type --accuracy-date={newest} or a later date, or "
            f"leave out --accuracy-history to judge this night alone"
        )
    outcome: Outcome = "pass"
    for night in _of_reference(nights, stored):
        if night.date == date.isoformat():
            outcome = worse_of(outcome, night.outcome)
    return LookBack(
        earlier=[run.accuracy for run in runs if run.date < date],
        tonight={run.train_seed: run.accuracy for run in runs if run.date == date},
        outcome=outcome,
    )


def _of_reference(nights: Sequence[Night], stored: StoredReference) -> list[Night]:
    """Return the nights since a reference was accepted, in the order of the file."""
    key = stored.reference.key
    wanted = (key.name, key.protocol, stored.sha256)
    found = []
    for night in nights:
        if (night.name, night.protocol, night.reference_sha256) == wanted:
            found.append(night)
    return found

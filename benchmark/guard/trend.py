"""Collect the nights of a reference for a plot."""

from collections.abc import Sequence

from ...reports.plots.nights import Trend
from .history import Night
from .look_back import counted_runs
from .references.reference_folder import StoredReference


def trend_of(
    nights: Sequence[Night], stored: StoredReference, alpha: float = 0.05
) -> Trend:
    """Return all runs since a reference was accepted, as they count in the e-value.

    nights: from `read_nights`
    alpha: the risk of a false alarm of this check
    Raises ResultError if there is no such night.
    """
    key = stored.reference.key
    runs = counted_runs(nights, stored)
    return Trend(
        name=f"{key.name} on {key.protocol}",
        reference=stored.reference.accuracies,
        dates=[run.date for run in runs],
        accuracies=[run.accuracy for run in runs],
        alpha=alpha,
    )

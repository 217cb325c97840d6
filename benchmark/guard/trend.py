"""Collect the nights of a reference for a plot."""

import datetime
from collections.abc import Sequence

from ...reports.plots.nights import Trend
from .history import Night
from .references.reference_folder import StoredReference


def trend_of(
    nights: Sequence[Night], stored: StoredReference, alpha: float = 0.05
) -> Trend:
    """Return all nights of a reference since it was accepted, one for each date.

    If a night was repeated, its first accuracy counts, as in the e-value.

    nights: from `read_nights`
    alpha: the risk of a false alarm of this check
    Raises ResultError if there is no such night.
    """
    key = stored.reference.key
    wanted = (key.name, key.protocol, stored.sha256)
    by_date: dict[str, float] = {}
    for night in nights:
        if (night.name, night.protocol, night.reference_sha256) == wanted:
            by_date.setdefault(night.date, night.accuracy)
    dates = sorted(by_date)
    return Trend(
        name=f"{key.name} on {key.protocol}",
        reference=stored.reference.accuracies,
        dates=[datetime.date.fromisoformat(date) for date in dates],
        accuracies=[by_date[date] for date in dates],
        alpha=alpha,
    )

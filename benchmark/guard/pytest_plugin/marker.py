"""The marker of a check: `@pytest.mark.accuracy(tier=..., margin=..., alpha=...)`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from fewbench.errors import UserError

from ..percentages import fraction
from .concerned import MARKER
from .options import Tier

_KEYWORDS = ("tier", "margin", "alpha")
# From which number on a % sign is needed. An alpha of 0.1 is not unusual.
_AMBIGUOUS = {"margin": 0.05, "alpha": 0.5}
_EXAMPLE = '@pytest.mark.accuracy(tier="nightly", margin="0.5%")'


@dataclass(frozen=True)
class Marker:
    """What the markers of a test say. None stands for the default.

    margin: a fraction: a drop of at most this size is of no interest
    alpha: a fraction: the risk of a false alarm of this check alone
    """

    tier: Tier = "quick"
    margin: float | None = None
    alpha: float | None = None


def read_marker(args: Sequence[object], keywords: Mapping[str, Any]) -> Marker:
    """Return what a marker says, after checking it.

    args: the positional arguments of the marker, which has none
    keywords: its keyword arguments, with those of the markers of the class and module
    Raises UserError if an argument is unknown or has a wrong value.
    """
    if args:
        raise UserError(
            f"the marker accuracy: expected keywords alone, got {args[0]!r:.60}. Write "
            f"for example {_EXAMPLE}"
        )
    unknown = sorted(set(keywords) - set(_KEYWORDS))
    if unknown:
        raise UserError(
            f"the marker accuracy: expected the keywords {', '.join(_KEYWORDS)}, got "
            f"{unknown[0]:.60}. Write for example {_EXAMPLE}"
        )
    tier = keywords.get("tier", "quick")
    if tier not in ("quick", "nightly"):
        raise UserError(
            f"the marker accuracy: expected tier 'quick' or 'nightly', got {tier!r:.60}. "
            f"Write for example {_EXAMPLE}"
        )
    numbers: dict[str, float] = {}
    for name in ("margin", "alpha"):
        if name in keywords:
            where = f"the marker accuracy, {name}"
            numbers[name] = fraction(keywords[name], where, _AMBIGUOUS[name])
    return Marker(tier, **numbers)


def marker_of(item: pytest.Item) -> Marker:
    """Return what the markers of a test say. The nearest marker wins."""
    args: list[object] = []
    keywords: dict[str, Any] = {}
    for marker in item.iter_markers(MARKER):
        args.extend(marker.args)
        keywords = {**marker.kwargs, **keywords}
    return read_marker(args, keywords)

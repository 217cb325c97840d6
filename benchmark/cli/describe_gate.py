"""Describe the test of two results by `fewbench compare --margin`, as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..guard.words import signed
from .percent import digits

if TYPE_CHECKING:
    from ...reports.stats.non_inferiority import NonInferiority

# The outcome of the test of two results -> what it says.
_ONE_SIDED = {
    "pass": "the first is not worse than the second by {margin} or more",
    "fail": "the first is worse than the second by more than {margin}",
    "undecided": "the first may or may not be worse than the second by {margin}",
}
_TWO_SIDED = {
    "pass": "the first and the second differ by less than {margin}",
    "fail": "the first and the second differ by more than {margin}",
    "undecided": "the first and the second may or may not differ by {margin}",
}


def gate_text(gate: NonInferiority) -> str:
    """Return the verdict on whether the first result is no worse than the second."""
    limits = gate.limits
    margin = f"{digits(100 * limits.margin)} points"
    words = _TWO_SIDED if limits.two_sided else _ONE_SIDED
    finding = words[gate.outcome].format(margin=margin)
    difference = signed(gate.difference, gate.low, gate.high)
    sentence = f"{gate.outcome}: {finding}: {difference}"
    sentence += f", one-sided limits, alpha {digits(100 * limits.alpha)} %"
    if gate.more_episodes is not None:
        sentence += f"; about {gate.more_episodes:,} more episodes would decide"
    return sentence


def gate_document(gate: NonInferiority | None) -> dict[str, Any] | None:
    """Return the test as JSON, with fractions; None if there was none."""
    if gate is None:
        return None
    return {
        **asdict(gate),
        "outcome": gate.outcome,
        "more_episodes": gate.more_episodes,
    }

"""The record of one check of a result."""

from typing import Literal, NamedTuple

Outcome = Literal["passed", "failed", "not possible"]


class Check(NamedTuple):
    """One check of a result.

    what: the part of the result that was checked
    detail: what was compared; for a failed check "expected X, got Y"; for one that is not
        possible the reason
    """

    what: str
    outcome: Outcome
    detail: str


def passed(what: str, detail: str) -> Check:
    """Record a check that passed."""
    return Check(what, "passed", detail)


def failed(what: str, expected: str, got: str) -> Check:
    """Record a check that failed."""
    return Check(what, "failed", f"expected {expected}, got {got}")


def not_possible(what: str, reason: str) -> Check:
    """Record a check that could not be made."""
    return Check(what, "not possible", reason)

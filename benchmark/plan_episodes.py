"""Plan how many episodes and queries a wanted precision takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..reports.records import RunResult
from ..reports.stats.planning import PlanRow, PrecisionTarget, Spread, plan, spread


@dataclass(frozen=True)
class Wish:
    """What the user wants to know or to detect: fractions.

    half_width: of the interval of one result
    difference: between two results, which is detected with a chance of `power`
    """

    half_width: float | None
    difference: float | None
    power: float
    level: float


@dataclass(frozen=True)
class Plan:
    """What one target takes.

    against: the result that the pilot is paired with, for a difference
    """

    target: PrecisionTarget
    against: RunResult | None
    spread: Spread
    rows: Sequence[PlanRow]


def plan_episodes(
    pilot: RunResult, wish: Wish, against: RunResult | None = None
) -> list[Plan]:
    """One plan for the half-width and one for the difference, as far as they are wished.

    Raises ResultError for a pilot that no plan can be made from.
    """
    plans = []
    if wish.half_width is not None:
        target = PrecisionTarget(half_width=wish.half_width, level=wish.level)
        plans.append(_plan(pilot, target, None))
    if wish.difference is not None:
        target = PrecisionTarget(
            difference=wish.difference, power=wish.power, level=wish.level
        )
        plans.append(_plan(pilot, target, against))
    return plans


def _plan(pilot: RunResult, target: PrecisionTarget, against: RunResult | None) -> Plan:
    return Plan(
        target=target,
        against=against,
        spread=spread(pilot, against),
        rows=plan(pilot, target, against),
    )

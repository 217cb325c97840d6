"""Plan how many episodes and queries are needed for a wanted precision."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..reports.records import RunResult
from ..reports.stats.planning import (
    PlanRow,
    Spread,
    anytime_episodes,
    plan,
    spread,
)
from ..reports.stats.precision_target import PrecisionTarget


@dataclass(frozen=True)
class Wish:
    """The wanted precision. All values are fractions.

    half_width: the wanted half-width of the interval of one result, or None
    difference: the difference between two results that is to be detected, or None
    power: the wanted probability of detecting this difference
    level: the confidence level
    """

    half_width: float | None
    difference: float | None
    power: float
    level: float


@dataclass(frozen=True)
class Plan:
    """A plan for one target: how many episodes reach it.

    against: the result that the pilot is compared with; None if the target is a
        half-width, or if there is no such result
    spread: the variance, over the pilot's episodes, of the accuracy, or of the difference
        from `against`; the plan is based on it
    rows: a row for each possible number of queries
    until_half_width: about how many episodes `evaluate --until-half-width` takes with
        the pilot's number of queries; None if the target is a difference, or if a
        billion do not suffice
    """

    target: PrecisionTarget
    against: RunResult | None
    spread: Spread
    rows: Sequence[PlanRow]
    until_half_width: int | None


def plan_episodes(
    pilot: RunResult, wish: Wish, against: RunResult | None = None
) -> list[Plan]:
    """Make a plan for the wanted half-width, and one for the wanted difference.

    A plan is left out if its value in `wish` is None.

    pilot: the result from which the variance of episodes is estimated
    against: a second result on the same episodes, for the plan of the difference
    Raises ResultError if no plan can be made from these results.
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
    until_half_width = None
    if target.half_width is not None:
        until_half_width = anytime_episodes(pilot, target.half_width)
    return Plan(
        target=target,
        against=against,
        spread=spread(pilot, against),
        rows=plan(pilot, target, against),
        until_half_width=until_half_width,
    )

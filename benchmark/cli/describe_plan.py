"""Describe plans for evaluations as text and as JSON, for `fewbench plan`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fewbench.documents import printable

from .describe import result_document, result_label
from .percent import digits

if TYPE_CHECKING:
    from ...reports.records import RunResult
    from ...reports.stats.planning import PlanRow, Spread
    from ..plan_episodes import Plan


def plans_document(
    pilot: RunResult, plans: Sequence[Plan], level: float
) -> dict[str, Any]:
    """Return plans as JSON, with unrounded numbers.

    pilot: the result that the plans are based on
    """
    return {
        "pilot": result_document(pilot, level),
        "plans": list(map(_plan_document, plans)),
    }


def plans_text(pilot: RunResult, plans: Sequence[Plan]) -> str:
    """Return plans as text with tables, and with facts about the pilot.

    pilot: the result that the plans are based on
    """
    blocks = [printable(f"pilot: {result_label(pilot)}")]
    blocks += map(plan_text, plans)
    blocks.append(_about_pilot(pilot, plans))
    return "\n\n".join(blocks)


def plan_text(plan: Plan) -> str:
    """Return a plan as text.

    The text has the target, the spread of the episodes in the pilot (the result that
    the plan is based on), and a table with the number of episodes for each number of
    queries.
    """
    lines = [_wanted(plan), _spread(plan.spread), _rows_table(plan.rows)]
    if plan.target.half_width is not None:
        lines.append(_until_half_width(plan))
    return "\n".join(lines)


def _plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "goal": asdict(plan.target),
        "paired": plan.against is not None,
        "spread": asdict(plan.spread),
        "rows": list(map(asdict, plan.rows)),
        "until_half_width_episodes": plan.until_half_width,
    }


def _wanted(plan: Plan) -> str:
    target = plan.target
    level = digits(100 * target.level)
    if target.half_width is not None:
        half_width = digits(100 * target.half_width)
        return f"for ± {half_width} points ({level} % interval over episodes)"
    how = "with the two results taken as uncorrelated (see --against)"
    if plan.against is not None:
        how = f"paired with {result_label(plan.against)}"
    difference = digits(100 * (target.difference or 0))
    return (
        f"to detect a difference of {difference} points with power "
        f"{digits(100 * target.power)} % at level {level} %, {how}"
    )


def _spread(spread: Spread) -> str:
    if spread.n_query == 1:
        return (
            f"standard deviation of an episode: {100 * math.sqrt(spread.total):.2f} "
            f"points. With one query per class, the pilot cannot tell what more "
            f"queries would do"
        )
    between = 100 * math.sqrt(spread.between)
    within = 100 * math.sqrt(spread.within)
    return (
        f"standard deviation: {between:.2f} points between episodes, {within:.1f} "
        f"points for a single query"
    )


def _until_half_width(plan: Plan) -> str:
    """Say how many episodes an evaluation takes that stops at the half-width."""
    option = f"--until-half-width {digits(100 * (plan.target.half_width or 0))}%"
    n_query = plan.spread.n_query
    if plan.until_half_width is None:
        return f"`fewbench evaluate {option}` would take over a billion episodes"
    text = (
        f"`fewbench evaluate {option}` takes about {plan.until_half_width:,} episodes "
        f"with {n_query} queries/class"
    )
    for row in plan.rows:
        if row.n_query == n_query and row.n_episodes:
            factor = plan.until_half_width / row.n_episodes
            text += f", {factor:.1f} times as many"
    return (
        f"{text}:\nits interval is wider, because it is checked again and again during "
        "the evaluation"
    )


def _rows_table(rows: Sequence[PlanRow]) -> str:
    from ...reports.stats.planning import cheapest
    from ...reports.tables.text import text_table

    best = cheapest(rows)
    lines = []
    for row in rows:
        episodes = "over a billion"
        if row.n_episodes is not None:
            episodes = f"{row.n_episodes:,}"
        seconds = ""
        if row.seconds is not None:
            seconds = f"{row.seconds:,.1f}"
        mark = ""
        if row is best:
            mark = "cheapest"
        lines.append([str(row.n_query), episodes, seconds, mark])
    return text_table(["queries/class", "episodes", "seconds", ""], lines)


def _about_pilot(pilot: RunResult, plans: Sequence[Plan]) -> str:
    from ...reports.stats.little_spread import FEW

    n_episodes = pilot.protocol.n_episodes
    uncertainty = 100 / math.sqrt(2 * (n_episodes - 1))
    text = (
        f"A pilot of {n_episodes:,} episodes gives these standard deviations to about "
        f"{uncertainty:.1f} %. The seconds hold for the machine of the pilot."
    )
    fewest = min(round(n_episodes * plan.spread.differing) for plan in plans)
    if fewest < FEW and 2 * fewest < n_episodes:
        text += (
            f"\nThe plan is rough: all but {fewest} of these episodes have the same "
            f"value."
        )
    if pilot.transductive:
        text += (
            "\nThis learner is transductive: the number of queries changes not only "
            "the ±, but also the accuracy."
        )
    return text

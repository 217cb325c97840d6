"""fewbench plan: how many episodes and queries a wanted precision takes."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from .console import Json, emit, table
from .describe import named, result_document
from .options import Level, load_in_order
from .percent import accuracy, digits, points


def plan(
    pilot: Annotated[
        Path, typer.Argument(help="A result (.json) with some hundred episodes.")
    ],
    half_width: Annotated[
        float | None,
        typer.Option(
            parser=points, metavar="POINTS", help="Wanted ±; 0.1% if nothing is."
        ),
    ] = None,
    difference: Annotated[
        float | None,
        typer.Option(
            parser=points, metavar="POINTS", help="Difference to detect, e.g. 0.2%."
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Result on the same episodes, to detect a difference to."),
    ] = None,
    power: Annotated[
        float,
        typer.Option(
            parser=accuracy, metavar="SHARE", help="Chance to detect --difference."
        ),
    ] = "80%",  # pyright: ignore[reportArgumentType]
    level: Level = "95%",  # pyright: ignore[reportArgumentType]
    as_json: Json = False,
) -> None:
    """How many episodes and queries give a wanted ± or detect a wanted difference.

    From a pilot result: its variance is split into the part between episodes, which only more
    episodes lessen, and the part of its queries.
    """
    from ...reports.stats.planning import Goal, spread
    from ...reports.stats.planning import plan as plan_episodes

    if against is not None and difference is None:
        raise typer.BadParameter(
            "--against needs the difference to detect: --difference 0.2%"
        )
    if power < 0.5:
        raise typer.BadParameter(
            f"--power: expected at least 50%; got {digits(100 * power)}%"
        )
    if half_width is None and difference is None:
        half_width = 0.001
    result = _one(pilot)
    other = None if against is None else _one(against)
    goals = []
    if half_width is not None:
        goals.append((Goal(half_width=half_width, level=level), None))
    if difference is not None:
        goals.append((Goal(difference=difference, power=power, level=level), other))
    plans = [
        (goal, to, spread(result, to), plan_episodes(result, goal, to))
        for goal, to in goals
    ]
    document = {
        "pilot": result_document(result, level),
        "plans": [_plan(*one) for one in plans],
    }
    text = "\n\n".join(_plan_text(*one) for one in plans)
    emit(
        document, f"pilot: {named(result)}\n\n{text}\n\n{_plan_notes(result)}", as_json
    )


def _one(path: Path) -> Any:
    loaded = load_in_order([path])
    if len(loaded) != 1:
        raise typer.BadParameter(
            f"{path} holds {len(loaded)} results. Give one of its .json files"
        )
    return loaded[0]


def _plan(goal: Any, against: Any, spread: Any, rows: Sequence[Any]) -> dict[str, Any]:
    return {
        "goal": asdict(goal),
        "paired": against is not None,
        "spread": asdict(spread),
        "rows": [asdict(row) for row in rows],
    }


def _plan_text(goal: Any, against: Any, spread: Any, rows: Sequence[Any]) -> str:
    from ...reports.stats.planning import cheapest

    level = digits(100 * goal.level)
    if goal.difference is None:
        wanted = f"for ± {digits(100 * goal.half_width)} points ({level} % interval over episodes)"
    else:
        how = (
            f"paired with {named(against)}"
            if against
            else "taken as uncorrelated: see --against"
        )
        wanted = (
            f"to detect a difference of {digits(100 * goal.difference)} points with power "
            f"{digits(100 * goal.power)} % at level {level} %, {how}"
        )
    best = cheapest(rows)
    lines = [
        [
            str(row.n_query),
            "over a billion" if row.n_episodes is None else f"{row.n_episodes:,}",
            "" if row.seconds is None else f"{row.seconds:,.1f}",
            "cheapest" * (row is best),
        ]
        for row in rows
    ]
    parts = (
        f"spread of an episode: {100 * math.sqrt(spread.between):.2f} points between episodes, "
        f"{100 * math.sqrt(spread.within):.1f} of a single query"
    )
    if spread.n_query == 1:
        parts = (
            f"spread of an episode: {100 * math.sqrt(spread.total):.2f} points; with one query per "
            "class the pilot cannot tell what more would do"
        )
    text = f"{wanted}\n{parts}\n{table(['queries/class', 'episodes', 'seconds', ''], lines)}"
    if goal.difference is None:
        text += (
            "\nstopping when it is reached (evaluate --until-half-width) takes about 3 times as "
            "many:\nan interval that may be looked at all along is wider"
        )
    return text


def _plan_notes(result: Any) -> str:
    n = result.protocol.n_episodes
    known = 100 / math.sqrt(2 * (n - 1))
    notes = [
        f"A pilot of {n:,} episodes knows its spread to about {known:.1f} %, and seconds as they "
        "were where it ran."
    ]
    if result.transductive:
        notes.append(
            "This learner is transductive: other query counts change its accuracy itself, not only "
            "the ±."
        )
    return "\n".join(notes)

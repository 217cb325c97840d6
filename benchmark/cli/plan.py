"""The command `fewbench plan`."""

from pathlib import Path
from typing import Annotated

import typer

from fewbench.errors import UserError

from .console import emit
from .inputs import load_one
from .options import Json, Level
from .percent import accuracy, digits, points

DEFAULT_HALF_WIDTH = 0.001


def plan(
    pilot: Annotated[
        Path,
        typer.Argument(
            metavar="PILOT",
            help="Result (.json file) with at least a few hundred episodes.",
        ),
    ],
    half_width: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Wanted half-width (±) of the interval. Default: 0.1%; no default if --difference "
            "is given.",
        ),
    ] = None,
    difference: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Difference between two results to detect, e.g. 0.2%.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Second result, on the same episodes as PILOT. It shows how strongly "
            "the two results are correlated. Needs --difference."
        ),
    ] = None,
    power: Annotated[
        float,
        typer.Option(
            parser=accuracy,
            metavar="PERCENT",
            help="Wanted probability of detecting --difference.",
        ),
    ] = "80%",  # pyright: ignore[reportArgumentType]
    level: Level = "95%",  # pyright: ignore[reportArgumentType]
    as_json: Json = False,
) -> None:
    """Plan how many episodes and queries a wanted half-width or difference needs.

    The plan is an estimate from PILOT, a result that exists already. It uses two
    variances of the pilot: the variance between episodes, which only more
    episodes average out, and the variance between queries in an episode, which
    more queries average out too.
    """
    from ..plan_episodes import Wish, plan_episodes
    from .describe_plan import plans_document, plans_text

    _check_options(difference, against, power)
    if half_width is None and difference is None:
        half_width = DEFAULT_HALF_WIDTH
    result = load_one(pilot)
    other = None
    if against is not None:
        other = load_one(against)
    wish = Wish(half_width, difference, power, level)
    plans = plan_episodes(result, wish, other)
    emit(plans_document(result, plans, level), plans_text(result, plans), as_json)


def _check_options(
    difference: float | None, against: Path | None, power: float
) -> None:
    if against is not None and difference is None:
        raise UserError(
            "--against: needs the difference to detect, but --difference is missing. "
            "Add for example --difference 0.2%"
        )
    if power < 0.5:
        raise UserError(
            f"--power: expected at least 50%, got {digits(100 * power)}%. Type for "
            f"example --power 80%"
        )

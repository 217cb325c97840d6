"""The command `fewbench compare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

from .console import emit
from .inputs import load_in_order
from .options import Json, Level
from .percent import accuracy, digits, points

if TYPE_CHECKING:
    from ...reports.stats.non_inferiority import Limits
    from ..compare_results import PublishedMean


def compare(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="Results (.json files) on the same episodes, or folders with results.",
        ),
    ],
    margin: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Largest drop of the first result from the second that passes, "
            "or largest difference from --published that counts as "
            "reproduced, e.g. 0.5%.",
        ),
    ] = None,
    published: Annotated[
        float | None,
        typer.Option(
            parser=accuracy,
            metavar="ACCURACY",
            help="Published accuracy to test each result against, e.g. 98.8%. Needs "
            "--margin.",
        ),
    ] = None,
    half_width: Annotated[
        float | None,
        typer.Option(
            "--published-half-width",
            parser=points,
            metavar="POINTS",
            help="Half-width (±) that the source prints beside the accuracy, e.g. 0.2%.",
        ),
    ] = None,
    two_sided: Annotated[
        bool,
        typer.Option(
            "--two-sided",
            help="With --margin: judge a rise like a drop, so that a pass means equivalent.",
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 also if undecided.")
    ] = False,
    level: Level = "95%",  # pyright: ignore[reportArgumentType] - Typer parses it
    as_json: Json = False,
) -> None:
    """Compare results with each other, or with a published accuracy.

    The results must be on the same episodes. They are compared in pairs. A
    positive difference means that the first result of the pair is better. For
    more than two results, the p-values are also adjusted for the number of
    pairs (Holm).

    With --margin, the first of two results is the new one. It passes if it is
    surely worse than the second by less than the margin, or not worse, and
    fails if it is surely worse by more. The exit code is 1 for fail and for not
    reproduced, and 0 for pass and undecided.

    The comparison holds only for these training runs and these test images.
    Runs with other training seeds may differ by more.
    """
    from ..compare_results import compare_results
    from .describe_comparison import comparison_document, comparison_text

    limits = gate_limits(margin, published, two_sided, level)
    target = published_mean(published, None if limits else margin, half_width)
    if strict and limits is None and target is None:
        raise UserError(
            "--strict: has no effect without a test: expected --margin, got none. Type "
            "for example: fewbench compare NEW.json OLD.json --margin 0.5% --strict"
        )
    loaded = load_in_order(results)
    if len(loaded) < 2 and target is None:
        raise UserError(
            f"RESULT: expected at least 2 results, or one result and a published "
            f"number, got {len(loaded)}. Add a second result, or add for example "
            f"--published 98.8% --margin 1%"
        )
    compared = compare_results(loaded, level, target, limits)
    emit(comparison_document(compared), comparison_text(compared), as_json)
    if not compared.passes(strict=strict):
        raise typer.Exit(1)


def gate_limits(
    margin: float | None, published: float | None, two_sided: bool, level: float
) -> "Limits | None":
    """Return what counts as worse from the options; None without a test of two results.

    margin, published, two_sided: the values of these options; fractions
    level: the confidence level; the risk of each error is 1 - level
    Raises UserError for --two-sided without --margin, or a level of at most 50 % with it.
    """
    from ...reports.stats.non_inferiority import Limits

    if margin is not None and published is None:
        if level <= 0.5:
            raise UserError(
                f"--level {digits(100 * level)}%: expected more than 50 % with --margin, "
                f"since 100 % minus the level is the risk of an error. Type for example "
                f"--level 95%"
            )
        alpha = round(1 - level, 12)
        return Limits(margin, margin, alpha, two_sided)
    if two_sided:
        raise UserError(
            "--two-sided: has no effect here: expected --margin and no --published. Type "
            "for example: fewbench compare NEW.json OLD.json --margin 0.5% --two-sided"
        )
    return None


def published_mean(
    published: float | None, margin: float | None, half_width: float | None
) -> "PublishedMean | None":
    """Return the published accuracy from the options; None if no option is given.

    published: the value of --published, as a fraction
    margin: the value of --margin, as a fraction
    half_width: the value of --published-half-width, as a fraction
    Raises UserError if some of these options are given, but not both --published and
    --margin.
    """
    from ..compare_results import PublishedMean

    if published is not None and margin is not None:
        return PublishedMean(published, margin, half_width)
    if published is None and margin is None and half_width is None:
        return None
    raise UserError(
        "--published: the test against a published accuracy needs both --published and "
        "--margin, but not both are given. Type for example --published 98.8% "
        "--margin 1%"
    )

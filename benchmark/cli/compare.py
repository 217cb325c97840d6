"""fewbench compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

from .console import emit
from .inputs import load_in_order
from .options import Json, Level
from .percent import accuracy, points

if TYPE_CHECKING:
    from ..compare_results import PublishedMean


def compare(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="Results (.json) on the same episodes, or their folders.",
        ),
    ],
    margin: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="How far a result may be from --published, e.g. 1%.",
        ),
    ] = None,
    published: Annotated[
        float | None,
        typer.Option(
            parser=accuracy, metavar="ACC", help="A published accuracy, e.g. 98.8%."
        ),
    ] = None,
    half_width: Annotated[
        float | None,
        typer.Option(
            "--published-half-width",
            parser=points,
            metavar="POINTS",
            help="The ± of the published accuracy, e.g. 0.2%.",
        ),
    ] = None,
    level: Level = "95%",  # pyright: ignore[reportArgumentType] - parsed like any other text
    as_json: Json = False,
) -> None:
    """Compare results on the same episodes, pair by pair, or each with a published number.

    A positive difference means that the first of the pair is better. With more than two
    results, the p-values are adjusted for the number of pairs (Holm). All of this is about
    these runs on these test images: other training seeds may differ by more.
    """
    from ..compare_results import compare_results
    from .describe_comparison import comparison_document, comparison_text

    target = published_mean(published, margin, half_width)
    loaded = load_in_order(results)
    if len(loaded) < 2 and target is None:
        raise UserError(
            f"expected at least 2 results, or one result and a published number, got "
            f"{len(loaded)}. Type a second result, or for instance --published 98.8% "
            f"--margin 1%"
        )
    compared = compare_results(loaded, level, target)
    emit(comparison_document(compared), comparison_text(compared), as_json)


def published_mean(
    published: float | None, margin: float | None, half_width: float | None
) -> "PublishedMean | None":
    """What the options say about a published number.

    Raises UserError when some of them are missing.
    """
    from ..compare_results import PublishedMean

    if published is not None and margin is not None:
        return PublishedMean(published, margin, half_width)
    if published is None and margin is None and half_width is None:
        return None
    raise UserError(
        "--published: the test against a published number needs both --published and --margin. "
        "For example, --published 98.8% --margin 1%"
    )

"""The command `fewbench published`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

from .console import emit
from .options import Json

if TYPE_CHECKING:
    from ...reports.published import PublishedNumber


def published(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILTER...]",
            help="Words that must all occur in a line: of a learner, a dataset, a protocol "
            "such as 5w1s, a network or a paper.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the published accuracies that reports show beside results.

    Numbers that reports leave out are listed too, with the reason.
    """
    from ...reports.tables.text import text_table
    from ..published_numbers import published_numbers

    wanted = words or []
    found = [one for one in published_numbers() if has_words(one, wanted)]
    if not found:
        raise UserError(
            f"published {' '.join(wanted)}: no published number has all of these words: "
            f"expected for example: fewbench published maml 5w1s. To list all, type: fewbench "
            f"published"
        )
    header = ["id", "learner", "network", "protocol", "accuracy", "±", "paper"]
    rows = [_row(one) for one in found]
    document = {"published": [asdict(one) for one in found]}  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
    emit(document, text_table(header, rows, "llllrrl"), as_json)


def has_words(number: "PublishedNumber", words: list[str]) -> bool:
    """Return whether all words occur in what is known about a published number."""
    known = (
        number.id,
        number.learner,
        number.method,
        number.variant,
        number.network,
        number.backbone,
        protocol_text(number),
        number.source,
    )
    text = " ".join(known).casefold()
    return all(word.casefold() in text for word in words)


def protocol_text(number: "PublishedNumber") -> str:
    """Return dataset, way and shot as in the names of protocols: "omniglot-5w1s"."""
    return f"{number.dataset}-{number.way}w{number.shot}s"


def _row(number: "PublishedNumber") -> list[str]:
    half_width = "" if number.half_width is None else f"{number.half_width:g}"
    paper = number.named_source
    if number.left_out:
        paper += f" (left out: {number.left_out})"
    return [
        number.id,
        number.learner or number.method,
        number.network or number.backbone,
        protocol_text(number),
        f"{number.accuracy:.2f}",
        half_width,
        paper,
    ]

"""Options for weights that others trained (`weights:FILE`)."""

from typing import TYPE_CHECKING, Annotated

import typer

from .console import say

if TYPE_CHECKING:
    from ...baselines.learner import LearnerCard
    from ...baselines.weights.choice import WeightsChoice

Backbone = Annotated[
    str | None,
    typer.Option(
        help="For weights:FILE: the network of the weights: conv4, conv4-strided, mlp or "
        "resnet12."
    ),
]
Width = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=4096,
        help="For weights:FILE: the width of the network. Default: 64.",
    ),
]
Head = Annotated[
    str | None,
    typer.Option(
        help="For weights:FILE: protonet (the nearest class mean; the default), or maml (the "
        "weights are the start of MAML's inner loop). For features:FOLDER: protonet or cosine."
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="For weights:FILE: leave out the tensors whose names start with this, such as fc "
        "for a classifier. May be repeated.",
    ),
]


def weights_choice(
    backbone: str | None, width: int | None, head: str | None, drop: list[str] | None
) -> "WeightsChoice":
    """Return what these options say about a file of weights."""
    from ...baselines.weights.choice import WeightsChoice

    return WeightsChoice(backbone, width, head, tuple(drop or ()))


def say_weights(card: "LearnerCard") -> None:
    """Print the table of what went where on stderr, if others trained the weights."""
    if card.weights_file is not None:
        say(*weights_lines(card))


def weights_lines(card: "LearnerCard") -> list[str]:
    """Return the table of what went where, line by line, with an empty line at the end."""
    from ...reports.tables.text import text_table

    file = card.weights_file
    assert file is not None
    rows = []
    for row in file.rows:
        shape = " x ".join(map(str, row.shape)) or "-"
        rows.append([row.ours or "-", row.theirs or "-", shape, row.note])
    table = text_table([card.backbone, file.name, "shape", ""], rows)
    return [
        *table.split("\n"),
        f"matched by: {file.matched_by}; sha256 of the file: {file.sha256}",
        "",
    ]

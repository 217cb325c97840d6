"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from .percent import accuracy

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
Root = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the built datasets. Default: $FEWBENCH_DATA, else the user's data "
        "folder."
    ),
]
DatasetName = Annotated[
    str, typer.Argument(metavar="NAME", help="Dataset, see `fewbench data list`.")
]
ProtocolName = Annotated[
    str, typer.Argument(metavar="NAME", help="Protocol, see `fewbench protocol list`.")
]
OtherBuild = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="Use another build of the protocol's dataset, e.g. omniglot-nearest. The "
        "name then ends in -on-DATASET.",
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        help="Use another split: train, val or test. The name then ends in it."
    ),
]
Way = Annotated[
    int | None,
    typer.Option(help="Classes of an episode. The name then ends in -Nway."),
]
Shot = Annotated[
    int | None,
    typer.Option(help="Support images of each class. The name then ends in -Nshot."),
]
Query = Annotated[
    int | None,
    typer.Option(help="Query images of each class. The name then ends in -Nquery."),
]
EpisodeSeed = Annotated[
    int | None,
    typer.Option("--seed", help="Seed of the episodes. The name then ends in -seedN."),
]
LearnerName = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="What to evaluate: the word centroid, a checkpoint, the folder of a training "
        "run, or module:factory, a function of yours that takes no argument and returns a "
        "model.",
    ),
]
Out = Annotated[Path, typer.Option(help="Folder to write into.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Precision = Annotated[str | None, typer.Option(help="auto, fp32 or bf16.")]
Backend = Annotated[
    str | None,
    typer.Option(
        help="Library that runs the inner loop or the classifier: native, learn2learn or "
        "higher."
    ),
]
TasksPerChunk = Annotated[
    str | None,
    typer.Option(
        help="How many tasks a MAML computes at once: a number, or auto. Fewer need less "
        "memory."
    ),
]
Statistics = Annotated[
    str | None,
    typer.Option(
        help="For MAML: the images that give batch norm its statistics: query (all query "
        "images; transductive), support, or image (each query image alone)."
    ),
]
Level = Annotated[
    float,
    typer.Option(
        parser=accuracy, metavar="SHARE", help="Confidence level: 95% or 0.95."
    ),
]


def named_settings(**named: str | int | None) -> list[str]:
    """The options that were given, written as `--set` takes them."""
    return [f"{key}={value}" for key, value in named.items() if value is not None]

"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .percent import level

Json = Annotated[
    bool, typer.Option("--json", help="Print a JSON document instead of text.")
]
Root = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the built datasets. Default: $FEWBENCH_DATA, or else the "
        "data folder of the user."
    ),
]
DatasetName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="Name of a dataset. `fewbench data list` shows all.",
        autocompletion=completion.datasets,
    ),
]
ProtocolName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="Name of a protocol. `fewbench protocol list` shows all.",
        autocompletion=completion.protocols,
    ),
]
OtherBuild = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="Use this dataset instead of the protocol's, e.g. omniglot-nearest or "
        "omniglot@105. The name of the protocol then ends in -on-DATASET.",
        autocompletion=completion.datasets,
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        help="Use this split instead of the protocol's: train, val or test. The name of the "
        "protocol then ends in the split, e.g. -val."
    ),
]
Way = Annotated[
    int | None,
    typer.Option(
        help="Number of classes in an episode. The name of the "
        "protocol then ends in -Nway, e.g. -10way."
    ),
]
Shot = Annotated[
    int | None,
    typer.Option(
        help="Number of support images for each class. The name of the "
        "protocol then ends in -Nshot, e.g. -3shot."
    ),
]
Query = Annotated[
    int | None,
    typer.Option(
        help="Number of query images for each class. The name of the "
        "protocol then ends in -Nquery, e.g. -5query."
    ),
]
EpisodeSeed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        help="Seed that draws the episodes. The name of the protocol then ends in "
        "-seedN, e.g. -seed7.",
    ),
]
LearnerName = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="Folder of a training run, a checkpoint (.safetensors), the word centroid for "
        "an untrained learner on raw pixels, weights:FILE for weights that others trained "
        "(with --backbone), features:FOLDER for features that `fewbench embed` stored, or "
        "module:factory for your own model: the "
        "function `factory` in `module` returns it.",
        autocompletion=completion.learners,
    ),
]
FeaturesMember = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="NAME",
        help="For an encoder from module:factory that returns a tuple, a dict or a model "
        "output: the name or the index of the member with the features.",
    ),
]
Out = Annotated[Path, typer.Option(help="Folder for the files to write.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an existing file.")
]
Device = Annotated[
    str, typer.Option(help="Device for the computation: auto, cpu or cuda.")
]
Precision = Annotated[
    str | None, typer.Option(help="Precision of the computation: auto, fp32 or bf16.")
]
Backend = Annotated[
    str | None,
    typer.Option(
        help="Library that runs the inner loop of MAML or the classifier of ProtoNet: "
        "native (fewbench's own code), learn2learn or higher."
    ),
]
TasksPerChunk = Annotated[
    str | None,
    typer.Option(
        help="For MAML: number of tasks to compute at once, or auto. Fewer tasks need "
        "less memory."
    ),
]
Statistics = Annotated[
    str | None,
    typer.Option(
        help="For MAML: the images whose statistics batch norm uses: query (all query "
        "images, so the learner is transductive), support (the support images), or "
        "image (each query image alone)."
    ),
]
TestSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Change a setting of the recipe for this evaluation: key=value, e.g. "
        "test_inner_steps=10. May be repeated.",
    ),
]
Level = Annotated[
    float,
    typer.Option(
        parser=level,
        metavar="PERCENT",
        help="Confidence level, e.g. 95% (or as a fraction: 0.95).",
    ),
]


def named_settings(**named: str | int | None) -> list[str]:
    """Return options as texts key=value, as for --set. Leave out options with None."""
    return [f"{key}={value}" for key, value in named.items() if value is not None]

"""TODO docstring of fewbench.benchmark.cli.options."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from .percent import accuracy

Level = Annotated[
    float,
    typer.Option(parser=accuracy, metavar="SHARE", help="Confidence: 95% or 0.95."),
]


def load_in_order(paths: Sequence[Path]) -> list[Any]:
    """The results in the order in which they were given; those of a folder sorted."""
    from ...reports.result_files import load_results

    resolved = [path.resolve() for path in paths]
    twice = [path for i, path in enumerate(paths) if resolved.index(path.resolve()) < i]
    if twice:
        raise typer.BadParameter(
            f"{twice[0]} is given twice. Compare two different results"
        )
    return [result for path in paths for result in load_results([path])]


Root = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the builds [$FEWBENCH_DATA, else the user's data folder]."
    ),
]


Name = Annotated[str, typer.Argument(help="Dataset, see `fewbench data list`.")]


def find(name: str, resampling: str | None = None) -> Any:
    """The card of a dataset, or of its variant with another filter."""
    from ...datasets import BUILDERS
    from ...datasets.lookup import pick

    info = pick("dataset", name, BUILDERS)
    if resampling in (None, info.resampling):
        return info
    variants = {
        other.resampling: other
        for other in BUILDERS.values()
        if other.name.startswith(f"{name}-")
    }
    return pick(
        f"resampling of {name}", resampling or "", {info.resampling: info, **variants}
    )


Out = Annotated[Path, typer.Option(help="Folder to write.")]


Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


Precision = Annotated[str | None, typer.Option(help="auto, fp32 or bf16.")]


Backend = Annotated[
    str | None,
    typer.Option(help="Whose inner loop or classifier: native, learn2learn or higher."),
]


TasksPerChunk = Annotated[
    str | None,
    typer.Option(
        help="Tasks that a MAML holds at once: a number, or auto. Bounds its memory."
    ),
]


def named_settings(**named: str | int | None) -> list[str]:
    """Options that were given, as `--set` would have them."""
    return [f"{key}={value}" for key, value in named.items() if value is not None]

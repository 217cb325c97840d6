"""fewbench quickstart, train, recipes, report."""

from typing import Annotated, Any

import typer

from .console import Json, emit, note, progress_bars, table
from .options import (
    Backend,
    Device,
    Out,
    Precision,
    Root,
    TasksPerChunk,
    named_settings,
)


def train(
    recipe: Annotated[
        str, typer.Option(help="Name of a recipe, or path of a .toml file.")
    ],
    out: Out,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value; may be repeated.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="Stop after so long, validation included."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0)] = None,
    backend: Backend = None,
    tasks_per_chunk: TasksPerChunk = None,
    precision: Precision = None,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Train a baseline by a recipe; keeps the best checkpoint by validation accuracy.

    Learners: protonet (native, learn2learn); maml, fomaml, anil (native, learn2learn, higher).
    `fewbench env` tells which backends are installed here, and how to install the others;
    `fewbench recipes` lists the recipes.
    """
    from ...baselines.config import load_recipe
    from ...baselines.training import TrainBudget
    from ..train import train_run

    named = named_settings(
        seed=seed, precision=precision, backend=backend, tasks_per_chunk=tasks_per_chunk
    )
    config = load_recipe(recipe, [*(settings or []), *named])
    try:
        with progress_bars() as progress:
            run = train_run(
                config, out, TrainBudget(minutes, device, resume), root, progress
            )
    except KeyboardInterrupt:
        saved = (out / "last.safetensors").exists()
        hint = "go on from the last checkpoint: the same command with --resume"
        note(f"interrupted; {hint if saved else 'nothing was saved yet: start again'}")
        raise typer.Exit(130) from None
    emit(run, _describe_run(run), as_json)


def recipes(as_json: Json = False) -> None:
    """List the recipes: what each trains on what, and which backends can run it."""
    from ...baselines.catalogue import BACKENDS
    from ...baselines.config import load_recipe
    from ...baselines.config import recipes as names

    rows, document = [], {}
    for name in names():
        config = load_recipe(name)
        able = [
            backend
            for backend, learners in BACKENDS.items()
            if config.learner in learners
        ]
        shape = f"{config.way}-way {config.shot}-shot"
        network = f"{config.backbone}-{config.width}"
        rows.append(
            [name, config.learner, config.dataset, network, shape, ", ".join(able)]
        )
        document[name] = {**config.flat(), "backends": able}
    header = ["recipe", "learner", "dataset", "backbone", "trained on", "backends"]
    emit({"recipes": document}, table(header, rows), as_json)


def _describe_run(run: dict[str, Any]) -> str:
    accuracy = run["val_accuracy"]
    selected = (
        f"validation accuracy {100 * accuracy:.2f} %" if accuracy else "no validation"
    )
    return (
        f"trained {run['steps']} steps in {run['seconds']:.0f} s ({run['precision']}, "
        f"{run['device']}), {selected}\nwrote {run['checkpoint']}\n"
        f"next: fewbench evaluate {run['out']} --protocol {_first_protocol(run['dataset'])} "
        f"--out results"
    )


def _first_protocol(dataset: str) -> str:
    base = dataset.partition("-")[0]
    return f"{base}-5w1s" if base == dataset else f"{base}-5w1s --dataset {dataset}"

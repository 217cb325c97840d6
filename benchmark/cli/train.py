"""The command `fewbench train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import emit, progress_bars, say
from .options import (
    Backend,
    Device,
    Json,
    Out,
    Precision,
    Root,
    TasksPerChunk,
    named_settings,
)

if TYPE_CHECKING:
    from ..train import TrainingSummary

INTERRUPTED = 130  # the usual exit code of a program that was ended by Ctrl-C


def train(
    recipe: Annotated[
        str,
        typer.Option(
            help="Name of a recipe, or path of a .toml file. `fewbench recipes` shows "
            "all names."
        ),
    ],
    out: Out,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting of the recipe: key=value. May be repeated.",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Stop after this many minutes, including the time for validation.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Continue the training run in the folder --out."),
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Training seed.")] = None,
    backend: Backend = None,
    tasks_per_chunk: TasksPerChunk = None,
    precision: Precision = None,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Train a baseline from a recipe.

    The checkpoint with the best validation accuracy is kept.

    The learner protonet runs on the backends native and learn2learn. The
    learners maml, fomaml and anil also run on the backend higher.
    `fewbench env` shows which backends are installed, and how to install the
    others.
    """
    from ...baselines.recipe_files import load_recipe
    from ...baselines.training import TrainBudget
    from ..train import train_run

    named = named_settings(
        seed=seed,
        precision=precision,
        backend=backend,
        tasks_per_chunk=tasks_per_chunk,
    )
    config = load_recipe(recipe, [*(settings or []), *named])
    budget = TrainBudget(minutes, device, resume)
    try:
        with progress_bars() as progress:
            run = train_run(config, out, budget, root, progress)
    except KeyboardInterrupt:
        say(after_interruption(out))
        raise typer.Exit(INTERRUPTED) from None
    emit(run, run_text(run), as_json)


def after_interruption(out: Path) -> str:
    """Return the message for an interrupted training run.

    out: the folder of the run
    """
    if (out / "last.safetensors").exists():
        return (
            "interrupted. To continue from the last checkpoint, type the same command "
            "with --resume"
        )
    return "interrupted. Nothing was saved yet: type the same command again"


def run_text(run: "TrainingSummary") -> str:
    """Return a text with the summary of a training run.

    Its last line is the command that evaluates the learner.
    """
    selected = "no validation"
    accuracy = run["val_accuracy"]
    if accuracy:
        selected = f"validation accuracy {100 * accuracy:.2f} %"
    options = protocol_options(run["dataset"])
    return (
        f"trained {run['steps']} steps in {run['seconds']:.0f} s ({run['precision']}, "
        f"{run['device']}), {selected}\n"
        f"wrote {run['checkpoint']}\n"
        f"next: fewbench evaluate {run['out']} {options} --out results"
    )


def protocol_options(dataset: str) -> str:
    """Return the options of `fewbench evaluate` for a dataset or a variant of a dataset."""
    from ...datasets import BUILDERS
    from ..protocols.listing import own_protocols

    base = BUILDERS[dataset].base
    protocol = next(iter(own_protocols([BUILDERS[base]])), "NAME")
    options = f"--protocol {protocol}"
    if base != dataset:
        options += f" --dataset {dataset}"
    return options

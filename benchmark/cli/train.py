"""The command `fewbench train`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.documents import counted, in_lines

from . import completion
from .console import duration_text, emit, progress_bars
from .going_on import going_on
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
    from ..train import TrainingEstimate, TrainingSummary


def train(
    recipe: Annotated[
        str,
        typer.Option(
            help="Name of a recipe, or path of a .toml file. `fewbench recipes` shows "
            "all names.",
            autocompletion=completion.recipes,
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
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Train nothing. Measure some steps, and print how much time and memory "
            "the training would take.",
        ),
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

    The checkpoint with the best validation accuracy is kept. The run is saved every
    three minutes, and when it is interrupted. The same command with --resume goes on.

    The learner protonet runs on the backends native and learn2learn. The
    learners maml, fomaml and anil also run on the backend higher.
    `fewbench env` shows which backends are installed, and how to install the
    others.
    """
    from ...baselines.own_code import is_own
    from ...baselines.recipe_files import load_recipe
    from ...baselines.training import TrainBudget
    from ..train import estimate_run, train_run

    named = named_settings(
        seed=seed,
        precision=precision,
        backend=backend,
        tasks_per_chunk=tasks_per_chunk,
    )
    config = load_recipe(recipe, [*(settings or []), *named])
    budget = TrainBudget(minutes, device, resume)
    if estimate:
        expected = estimate_run(config, out, budget, root)
        emit(expected, estimate_text(expected), as_json)
        return
    with going_on("--resume"), progress_bars() as progress:
        run = train_run(config, out, budget, root, progress)
    uses_own_code = is_own(config.learner) or is_own(config.backbone)
    emit(run, run_text(run, root, uses_own_code=uses_own_code), as_json)


def estimate_text(expected: "TrainingEstimate") -> str:
    """Return a text with the time and the memory that a training run would take."""
    steps = counted(expected["steps"], "step")
    if expected["start"]:
        steps = f"the steps from {expected['start']} to {expected['steps']}"
    take = "takes" if steps == "1 step" else "take"
    lines = [
        f"{steps} {take} about {duration_text(expected['seconds'])}: "
        f"{expected['seconds_per_step']:.3g} s for each step and "
        f"{expected['seconds_per_validation']:.3g} s for each validation"
    ]
    if expected["peak_bytes"]:
        lines.append(f"memory: {expected['peak_bytes'] / 1e9:.1f} GB")
    return in_lines(lines)


def run_text(
    run: "TrainingSummary", root: Path | None = None, *, uses_own_code: bool = False
) -> str:
    """Return a text with the summary of a training run.

    Its last line is the command that evaluates the learner.

    uses_own_code: whether the recipe names code of the user, which a checkpoint alone may
        not import from the working folder
    """
    selected = "no validation"
    accuracy = run["val_accuracy"]
    if accuracy:
        selected = f"validation accuracy {100 * accuracy:.2f} %"
    steps = counted(run["steps"], "step")
    trust = "PYTHONPATH=. " if uses_own_code else ""
    options = protocol_options(run["dataset"], root)
    lines = [
        f"trained {steps} in {run['seconds']:.0f} s ({run['precision']}, "
        f"{run['device']}), {selected}",
        f"wrote {run['checkpoint']}",
        f"next: {trust}fewbench evaluate {shlex.quote(str(run['out']))} {options} --out results",
    ]
    return in_lines(lines)


def protocol_options(dataset: str, root: Path | None = None) -> str:
    """Return the options of `fewbench evaluate` for a dataset or a variant of a dataset.

    root: the value of --root, where datasets of own images are found
    """
    from ...datasets.catalogue import find_dataset
    from ...datasets.root import data_root
    from ..protocols.listing import own_protocols

    where = data_root(root)
    base = find_dataset(dataset, where).base
    protocol = next(iter(own_protocols([find_dataset(base, where)])), "NAME")
    options = f"--protocol {protocol}"
    if base != dataset:
        options += f" --dataset {dataset}"
    return options

"""The command `fewbench quickstart`."""

from pathlib import Path
from typing import Annotated

import typer

from fewbench.signals import Interrupted

from .console import emit, progress_bars, say
from .options import Device, Json, Out, Root


def quickstart(
    out: Out = Path("quickstart"),
    seconds: Annotated[
        float, typer.Option(min=1.0, help="Training time in seconds.")
    ] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Training seed.")] = 0,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Train, evaluate and report on glyphs, the small dataset that comes with fewbench.

    The report has tables, plots and an HTML page.
    """
    from ...baselines.training import TrainBudget
    from ...reports.tables.frames import results_frame
    from ...reports.tables.printed import to_text
    from ..quickstart import run_quickstart

    budget = TrainBudget(minutes=seconds / 60, device=device)
    try:
        with progress_bars() as progress:
            made = run_quickstart(out, budget, seed, root, progress)
    except Interrupted as error:
        error.advice = f"To start again, remove {out}, then type the same command"
        raise
    frame = results_frame(made.results)
    without_nan = frame.astype(object).where(frame.notna(), None)  # JSON has no NaN
    document = {
        "training": made.training,
        "results": without_nan.to_dict("records"),
        "paths": list(map(str, made.report_files)),
    }
    emit(document, f"{to_text(made.results)}\n\nopen {made.page}", as_json)
    run = made.training
    say(f"trained {run['steps']} steps in {run['seconds']:.0f} s on {run['device']}")

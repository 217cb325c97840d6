"""The command `fewbench quickstart`."""

from pathlib import Path
from typing import Annotated

import typer

from fewbench.documents import counted, printable

from .console import emit, progress_bars, say
from .going_on import going_on
from .options import Device, Json, Out, Root, named_settings


def quickstart(
    out: Out = Path("quickstart"),
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of training steps. Default: 300, about a minute on one core.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Training seed.")] = 0,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Train, evaluate and report on glyphs, the small dataset that comes with fewbench.

    The report has tables, plots and an HTML page. The same command goes on
    after an interruption.
    """
    from ...reports.tables.frames import results_frame
    from ...reports.tables.printed import to_text
    from ..quickstart import run_quickstart

    settings = named_settings(seed=seed, steps=steps)
    with going_on(), progress_bars() as progress:
        made = run_quickstart(out, settings, device, root, progress)
    frame = results_frame(made.results)
    without_nan = frame.astype(object).where(frame.notna(), None)  # JSON has no NaN
    document = {
        "training": made.training,
        "results": without_nan.to_dict("records"),
        "paths": list(map(str, made.report_files)),
    }
    page = printable(f"open {made.page}")
    emit(document, f"{to_text(made.results)}\n\n{page}", as_json)
    run = made.training
    n_steps = counted(run["steps"], "step")
    say(f"trained {n_steps} in {run['seconds']:.0f} s on {run['device']}")

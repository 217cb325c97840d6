"""TODO docstring of fewbench.benchmark.cli.quickstart."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import Json, emit, note, progress_bars
from .options import Device, Out, Root


def quickstart(
    out: Out = Path("quickstart"),
    seconds: Annotated[float, typer.Option(min=1.0, help="Training time.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """The whole job on the embedded glyphs: train, evaluate, tables, plots and a page."""
    from ...baselines.config import load_recipe
    from ...baselines.training import TrainBudget
    from ...reports.result_files import load_results
    from ...reports.tables.frames import results_frame
    from ...reports.tables.printed import to_text
    from ..evaluate_into import evaluate_run, load, refuse_used_folder
    from ..protocols.catalogue import find_protocol
    from ..report_folders import report_folders
    from ..train import train_run

    refuse_used_folder(out)
    config = load_recipe("protonet-glyphs", [f"seed={seed}"])
    with progress_bars() as progress:
        budget = TrainBudget(minutes=seconds / 60, device=device)
        run = train_run(config, out / "protonet", budget, root, progress)
        for name in ("centroid", str(out / "protonet")):
            model = load(name, device, "fp32")
            for protocol in ("glyphs-5w1s", "glyphs-5w5s", "glyphs-20w1s"):
                where = (root, _prefixed(progress, f"{model.card.name} {protocol}"))
                evaluate_run(
                    model, find_protocol(protocol), out / "results", False, where
                )
        progress("report", 0, 1)
        paths = report_folders([out], out / "report", root)
        progress("report", 1, 1)
    results = load_results([out / "results"])
    frame = results_frame(results)
    rows = (
        frame.astype(object).where(frame.notna(), None).to_dict("records")
    )  # JSON has no NaN
    page = out / "report" / "index.html"
    document = {
        "training": run,
        "results": rows,
        "paths": list(map(str, paths)),
    }
    emit(document, f"{to_text(results)}\n\nopen {page}", as_json)
    note(f"trained {run['steps']} steps in {run['seconds']:.0f} s on {run['device']}")


def _prefixed(progress: Any, prefix: str) -> Any:
    return lambda stage, done, total: progress(f"{prefix}: {stage}", done, total)

"""fewbench quickstart, train, recipes, report."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_data import Root
from .console import Json, emit, note, progress_bars, table

Out = Annotated[Path, typer.Option(help="Folder to write.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Precision = Annotated[str | None, typer.Option(help="auto, fp32 or bf16.")]
Backend = Annotated[
    str | None, typer.Option(help="Whose inner loop or classifier: native, learn2learn or higher.")
]
TasksPerChunk = Annotated[
    str | None,
    typer.Option(help="Tasks that a MAML holds at once: a number, or auto. Bounds its memory."),
]


def train(
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or path of a .toml file.")],
    out: Out,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value; may be repeated.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.0, help="Stop after so long, validation included.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
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
    from ..baselines.config import load_recipe
    from ..baselines.training import TrainBudget
    from .runs import train_run

    named = named_settings(
        seed=seed, precision=precision, backend=backend, tasks_per_chunk=tasks_per_chunk
    )
    config = load_recipe(recipe, [*(settings or []), *named])
    try:
        with progress_bars() as progress:
            run = train_run(config, out, TrainBudget(minutes, device, resume), root, progress)
    except KeyboardInterrupt:
        saved = (out / "last.safetensors").exists()
        hint = "go on from the last checkpoint: the same command with --resume"
        note(f"interrupted; {hint if saved else 'nothing was saved yet: start again'}")
        raise typer.Exit(130) from None
    emit(run, _describe_run(run), as_json)


def named_settings(**named: str | int | None) -> list[str]:
    """Options that were given, as `--set` would have them."""
    return [f"{key}={value}" for key, value in named.items() if value is not None]


def recipes(as_json: Json = False) -> None:
    """List the recipes: what each trains on what, and which backends can run it."""
    from ..baselines import BACKENDS
    from ..baselines.config import load_recipe
    from ..baselines.config import recipes as names

    rows, document = [], {}
    for name in names():
        config = load_recipe(name)
        able = [backend for backend, learners in BACKENDS.items() if config.learner in learners]
        shape = f"{config.way}-way {config.shot}-shot"
        network = f"{config.backbone}-{config.width}"
        rows.append([name, config.learner, config.dataset, network, shape, ", ".join(able)])
        document[name] = {**config.flat(), "backends": able}
    header = ["recipe", "learner", "dataset", "backbone", "trained on", "backends"]
    emit({"recipes": document}, table(header, rows), as_json)


def report(
    folders: Annotated[list[Path], typer.Argument(help="Folders of results and training runs.")],
    out: Out,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Tables (CSV, Markdown, LaTeX), plots (PNG, SVG, PDF) and one self-contained page."""
    from .reporting import report_folders

    paths = report_folders(folders, out, root)
    text = "\n".join(f"wrote {path}" for path in paths)
    emit({"paths": [str(path) for path in paths]}, text, as_json)


def quickstart(
    out: Out = Path("quickstart"),
    seconds: Annotated[float, typer.Option(min=1.0, help="Training time.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """The whole job on the embedded glyphs: train, evaluate, tables, plots and a page."""
    from ..baselines.config import load_recipe
    from ..baselines.training import TrainBudget
    from ..reports.result_files import load_results
    from ..reports.tables import results_frame, to_text
    from .protocols import find_protocol
    from .reporting import report_folders
    from .runs import evaluate_run, load, refuse_used_folder, train_run

    refuse_used_folder(out)
    config = load_recipe("protonet-glyphs", [f"seed={seed}"])
    with progress_bars() as progress:
        budget = TrainBudget(minutes=seconds / 60, device=device)
        run = train_run(config, out / "protonet", budget, root, progress)
        for name in ("centroid", str(out / "protonet")):
            model = load(name, device, "fp32")
            for protocol in ("glyphs-5w1s", "glyphs-5w5s", "glyphs-20w1s"):
                where = (root, _prefixed(progress, f"{model.card.name} {protocol}"))
                evaluate_run(model, find_protocol(protocol), out / "results", False, where)
        progress("report", 0, 1)
        paths = report_folders([out], out / "report", root)
        progress("report", 1, 1)
    results = load_results([out / "results"])
    frame = results_frame(results)
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")  # JSON has no NaN
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


def _describe_run(run: dict[str, Any]) -> str:
    accuracy = run["val_accuracy"]
    selected = f"validation accuracy {100 * accuracy:.2f} %" if accuracy else "no validation"
    return (
        f"trained {run['steps']} steps in {run['seconds']:.0f} s ({run['precision']}, "
        f"{run['device']}), {selected}\nwrote {run['checkpoint']}\n"
        f"next: fewbench evaluate {run['out']} --protocol {_first_protocol(run['dataset'])} "
        f"--out results"
    )


def _first_protocol(dataset: str) -> str:
    base = dataset.partition("-")[0]
    return f"{base}-5w1s" if base == dataset else f"{base}-5w1s --dataset {dataset}"

"""The commands `fewbench grid run`, `grid status` and `grid merge`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import emit, progress_bars, say
from .going_on import going_on
from .options import Json, Root
from .worker_options import as_others_see_it, refuse_both

if TYPE_CHECKING:
    from ..cluster.executor import Executor
    from ..cluster.grid_work import OpenGrid
    from ..cluster.share import Share
    from ..cluster.summary import Summary

INCOMPLETE = 1  # the exit code if a task failed or answers are missing

app = typer.Typer(
    help="Train and evaluate many learners: recipes x datasets x settings x seeds x "
    "protocols, on one machine or many, with the same bytes.",
    no_args_is_help=True,
)
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of --out of `fewbench grid run`.")
]


@app.command()
def run(
    grid: Annotated[
        Path,
        typer.Argument(metavar="GRID.toml", help="What to train and to evaluate."),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the work. The same folder goes on.")
    ],
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Number of processes on this machine. Default: the number of cores, "
            "divided by the threads of a task.",
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS|auto",
            help="Run on this Ray cluster instead; auto finds the one of this machine.",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Do the I-th of N shares of the work, for job arrays. When all have "
            "ended, type: fewbench grid merge DIR.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Do nothing. Print what exists and what is to be done, with the time and "
            "the memory from some measured steps.",
        ),
    ] = False,
    mixed: Annotated[
        bool,
        typer.Option(
            "--mixed",
            help="Let machines of different kinds take part. Their predictions can differ "
            "by rounding, and the results say so.",
        ),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Train and evaluate all learners of a grid.

    What is done already is kept. So the same command goes on after an interruption,
    and other processes may work in the same folder at the same time.
    """
    from ..cluster.grid_work import plan_grid, working_on
    from ..cluster.place import Place
    from ..cluster.share import Share

    share = Share(0, 1) if shard is None else Share.parse(shard)
    refuse_both(workers, ray)
    place = Place(out, root, mixed)
    if dry_run:
        opened = plan_grid(grid, place)
        _say_estimate(opened, workers or _free_workers(opened), as_json)
        return
    with going_on(), working_on(grid, place) as opened:
        for remark in opened.remarks:
            say(remark)
        with _executor(opened, workers, ray) as executor:
            summary = _run(opened, executor, share)
        _end(opened, summary, share, as_json)


@app.command()
def status(folder: Folder, root: Root = None, as_json: Json = False) -> None:
    """Show what a grid has done, what is missing, and what failed.

    The fingerprint is a hash of all published files. Two complete runs of a grid made the
    same bytes if their fingerprints are equal.
    """
    from ..cluster.grid_work import reopen_grid
    from .describe_grid import status_document, status_text

    document = status_document(reopen_grid(folder, root))
    emit(document, status_text(document), as_json)


@app.command()
def merge(
    folder: Folder,
    mixed: Annotated[
        bool,
        typer.Option("--mixed", help="As in the `fewbench grid run` of the shards."),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Join the answers of all shards, and save the results.

    The exit code is 1 if answers are missing.
    """
    from ..cluster.grid_work import merging, missing_answers
    from ..cluster.merging import merge_results
    from .describe_grid import merge_document, merge_text

    with going_on(), merging(folder, root, mixed=mixed) as opened:
        with progress_bars() as progress:
            failures = merge_results(opened, progress)
        missing: list[str] = []
        for training in opened.plan.trainings:
            missing += missing_answers(training, opened.plan.place)
    document = merge_document(opened, missing, failures)
    emit(document, merge_text(document), as_json)
    if missing or failures:
        raise typer.Exit(INCOMPLETE)


def _run(opened: "OpenGrid", executor: "Executor", share: "Share") -> "Summary":
    from ..cluster.schedule import run_flows
    from .grid_progress import shown_progress

    plan = opened.plan
    with shown_progress(plan.counts()) as watch:
        return run_flows(plan.flows(), executor, plan.place, share=share, watch=watch)


def _executor(opened: "OpenGrid", workers: int | None, ray: str | None) -> "Executor":
    from ..cluster.pool import ProcessPool

    threads = opened.conditions.threads
    place = opened.plan.place
    if ray is not None:
        from ..cluster.on_ray import RayCluster

        return RayCluster(as_others_see_it(place), ray, threads=threads)
    n_workers = workers or _free_workers(opened)
    return ProcessPool(place, n_workers, threads=threads)


def _free_workers(opened: "OpenGrid") -> int:
    from ..environment import environment

    cores = environment()["cores"]
    n_cores = int(cores) if cores.isdecimal() else 1
    return max(1, n_cores // opened.conditions.threads)


def _say_estimate(opened: "OpenGrid", n_workers: int, as_json: bool) -> None:
    from ..cluster.grid_estimate import estimate_grid
    from .describe_grid import estimate_document, estimate_text

    with progress_bars() as progress:
        estimates = estimate_grid(opened.plan, progress)
    document = estimate_document(opened, estimates, n_workers)
    emit(document, estimate_text(document, estimates), as_json)


def _end(opened: "OpenGrid", summary: "Summary", share: "Share", as_json: bool) -> None:
    from .describe_grid import run_document, run_text

    document = run_document(opened, summary, share.is_all)
    emit(document, run_text(document), as_json)
    if summary.failures:
        raise typer.Exit(INCOMPLETE)

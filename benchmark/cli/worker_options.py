"""Options that say where tasks run."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

if TYPE_CHECKING:
    from ..cluster.executor import Executor
    from ..cluster.place import Place

Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=4096,
        help="Number of processes on this machine. Default: as many as the cores allow.",
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Run on a Ray cluster: its address, or auto for the one of this machine.",
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        min=1,
        max=1024,
        help="Number of threads of each process. Other numbers can change the last digits "
        "of features.",
    ),
]


def refuse_both(workers: int | None, ray: str | None) -> None:
    """Raise UserError if both --workers and --ray are given."""
    if ray is not None and workers is not None:
        raise UserError(
            "--workers and --ray: expected one of them, got both. With --ray, the cluster "
            "decides how many tasks run at a time. Omit --workers"
        )


def as_others_see_it(place: "Place") -> "Place":
    """Return a place with full paths: other machines have another working folder."""
    from ...datasets.root import data_root

    folder = place.folder.resolve()
    root = data_root(place.root).resolve()
    return replace(place, folder=folder, root=root)


def choose_executor(
    place: "Place", workers: int | None, ray: str | None, threads: int, n_tasks: int
) -> "Executor":
    """Return the executor that the options choose.

    n_tasks: the number of tasks; no more processes than that are started
    Raises UserError if both kinds of workers are asked for.
    """
    refuse_both(workers, ray)
    if ray is not None:
        from ..cluster.on_ray import RayCluster

        return RayCluster(as_others_see_it(place), ray, threads=threads)
    n_workers = min(workers or max(1, _n_cores() // threads), n_tasks)
    if n_workers == 1:
        from ..cluster.in_process import InProcess

        return InProcess(place)
    from ..cluster.pool import ProcessPool

    return ProcessPool(place, n_workers, threads=threads)


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # missing on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

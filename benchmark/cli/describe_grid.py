"""Describe a grid as text and as JSON, for the commands `fewbench grid ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fewbench.documents import counted, in_lines

from .console import duration_text
from .grid_progress import KINDS, ONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cluster.grid_estimate import TrainingEstimate
    from ..cluster.grid_work import OpenGrid
    from ..cluster.summary import Summary


def estimate_document(
    opened: OpenGrid, estimates: Sequence[TrainingEstimate], n_workers: int
) -> dict[str, Any]:
    """Return what a grid has to do, and what it takes, as values for JSON."""
    from ..cluster.grid_estimate import seconds_on

    peak = max([one.cost.peak_bytes for one in estimates], default=0)
    learners: list[dict[str, Any]] = []
    for one in estimates:
        values = {
            "name": one.name,
            "dataset": one.dataset,
            "trainings_left": one.n_left,
            "seconds_per_step": one.cost.seconds_per_step,
            "seconds_per_training": one.train_seconds,
            "seconds_of_evaluations": one.evaluate_seconds,
        }
        learners.append(values)
    return {
        "tasks": _tasks(opened),
        "learners": learners,
        "workers": n_workers,
        "seconds": seconds_on(list(estimates), n_workers),
        "peak_bytes": peak * n_workers,
    }


def estimate_text(
    document: dict[str, Any], estimates: Sequence[TrainingEstimate]
) -> str:
    """Return what a grid has to do, and what it takes, as text."""
    from ...reports.tables.text import text_table

    lines = [_tasks_table(document)]
    if not estimates:
        return "\n".join([*lines, "nothing to do"])
    rows: list[list[str]] = []
    for one in estimates:
        row = [
            one.name,
            one.dataset,
            str(one.n_left),
            f"{one.cost.seconds_per_step:.3g} s",
            duration_text(one.train_seconds),
            duration_text(one.evaluate_seconds),
        ]
        rows.append(row)
    head = ["learner", "dataset", "to train", "a step", "a training", "evaluations"]
    workers = counted(document["workers"], "worker")
    lines.append(text_table(head, rows))
    lines.append(
        f"to do: about {duration_text(document['seconds'])} with {workers}, and about "
        f"{document['peak_bytes'] / 1e9:.1f} GB of memory, measured on this machine"
    )
    return "\n".join(lines)


def run_document(opened: OpenGrid, summary: Summary, is_all: bool) -> dict[str, Any]:
    """Return what `fewbench grid run` did, as values for JSON.

    is_all: whether it did the whole grid, not a shard
    """
    place = opened.plan.place
    done = {kind: summary.done[kind] for kind in KINDS}
    return {
        "folder": str(place.folder),
        "done": done,
        "seconds": summary.seconds,
        "failures": list(summary.failure_lines()),
        "next": next_command(str(place.folder), is_all),
        "tasks": _tasks(opened),
    }


def run_text(document: dict[str, Any]) -> str:
    """Return what `fewbench grid run` did, as text."""
    did = []
    for kind, words in KINDS.items():
        number = document["done"][kind]
        if number == 1:
            did.append(f"1 {ONE[kind]}")
        elif number:
            did.append(f"{number:,} {words}")
    nothing = "nothing" if document["failures"] else "nothing, since all of it exists"
    what = ", ".join(did) or nothing
    lines = [f"did {what}, in {duration_text(document['seconds'])}"]
    lines += [f"failed: {line}" for line in document["failures"]]
    if document["failures"]:
        lines.append("To try again what failed, type the same command")
    else:
        lines.append(f"next: {document['next']}")
    return in_lines(lines)


def next_command(folder: str, is_all: bool) -> str:
    """Return the command that follows on `fewbench grid run`."""
    import shlex

    from ..cluster.place import RESULTS

    if not is_all:
        return f"fewbench grid merge {shlex.quote(folder)}, when all shards have ended"
    return f"fewbench report {shlex.quote(f'{folder}/{RESULTS}')} --out report"


def status_document(opened: OpenGrid) -> dict[str, Any]:
    """Return the state of a grid as values for JSON."""
    from ..cluster.grid_work import published_fingerprint
    from ..cluster.log import read_log

    plan = opened.plan
    failed: dict[str, str] = {}
    machines: set[str] = set()
    for line in read_log(plan.place.folder):
        failed.pop(line.task, None)
        if line.state in ("failed", "died"):
            failed[line.task] = f"{line.title}: {line.reason}"
        if line.conditions is not None:
            machines.add(line.conditions.machine)
    done = {task.id for task in plan.tasks() if plan.place.is_done(task)}
    failures = [text for task, text in failed.items() if task not in done]
    return {
        "folder": str(plan.place.folder),
        "tasks": _tasks(opened),
        "conditions": opened.conditions.document(),
        "machines": sorted(machines),
        "failures": sorted(set(failures)),
        "fingerprint": published_fingerprint(plan),
    }


def status_text(document: dict[str, Any]) -> str:
    """Return the state of a grid as text."""
    lines: list[str] = []
    machines = document["machines"]
    if len(machines) > 1:
        lines.append(f"done on machines of different kinds: {'; '.join(machines)}")
    lines += [f"failed last time: {line}" for line in document["failures"]]
    lines.append(f"fingerprint {document['fingerprint']}")
    return f"{_tasks_table(document)}\n{in_lines(lines)}"


def merge_document(
    opened: OpenGrid, missing: list[str], failures: list[str]
) -> dict[str, Any]:
    """Return what `fewbench grid merge` did, as values for JSON."""
    folder = str(opened.plan.place.folder)
    return {
        "folder": folder,
        "tasks": _tasks(opened),
        "missing": missing,
        "failures": failures,
        "next": next_command(folder, True),
    }


def merge_text(document: dict[str, Any]) -> str:
    """Return what `fewbench grid merge` did, as text."""
    import shlex

    from ..cluster.result_task import COPY

    results = document["tasks"]["result"]
    lines = [f"{results['done']:,} of {counted(results['total'], 'result')} saved"]
    lines += document["missing"]
    lines += [f"failed: {line}" for line in document["failures"]]
    folder = document["folder"]
    if document["missing"] or document["failures"]:
        path = shlex.quote(f"{folder}/{COPY}")
        lines.append(
            f"To make what is missing, type: fewbench grid run {path} --out "
            f"{shlex.quote(folder)}"
        )
    else:
        lines.append(f"next: {document['next']}")
    return in_lines(lines)


def _tasks(opened: OpenGrid) -> dict[str, dict[str, int]]:
    counts = opened.plan.counts()
    tasks: dict[str, dict[str, int]] = {}
    for kind, count in counts.items():
        tasks[kind] = {"total": count.total, "done": count.done}
    return tasks


def _tasks_table(document: dict[str, Any]) -> str:
    from ...reports.tables.text import text_table

    rows: list[list[str]] = []
    for kind, words in KINDS.items():
        count = document["tasks"].get(kind)
        if count is not None:
            to_do = count["total"] - count["done"]
            rows.append([words, f"{count['done']:,}", f"{to_do:,}"])
    return text_table(["", "done", "to do"], rows)

"""Do a task of the kind "result": join the answers, and save the result of an evaluation."""

import shlex
import time
from dataclasses import replace
from pathlib import Path

from fewbench.files import write_json

from ...baselines.evaluation.answers import Answers
from ...reports.records import RunResult
from ...reports.result_files import array_sha256, save_result
from ..results import make_result
from .answers_file import read_answers
from .grid_tasks import Evaluation, answers_tasks, evaluation_of
from .machines import noted_machines
from .opened_evaluation import open_evaluation
from .place import RESULTS, Place
from .task import Task

# The copy of GRID.toml in the folder of a grid.
COPY = "grid.toml"


def make_grid_result(task: Task, place: Place, attempt: Path) -> Path:
    """Save the result of an evaluation, and return its receipt.

    The receipt holds the hashes of the result's arrays. Unlike the result, it has no time
    in it, so it is the same each time.
    Raises UserError if answers are missing or damaged.
    Raises DifferentCopies if another result was published. It is kept.
    """
    started = time.perf_counter()
    evaluation = evaluation_of(task)
    opened = open_evaluation(evaluation, place, task.conditions)
    answers = _joined(evaluation, task, place)
    examiner = opened.examiner
    result = make_result(
        examiner.learner, opened.stream, answers, started, examiner.features
    )
    result = _as_of_a_grid(result, task, place)
    made = write_json(attempt / "receipt.json", receipt(result))
    place.compare(task, made)
    save_result(result, place.folder / RESULTS, overwrite=True)
    return made


def receipt(result: RunResult) -> dict[str, object]:
    """Return what two equal results have in common, as values for JSON."""
    arrays = result.arrays()
    return {
        "protocol": result.protocol.name,
        "protocol_sha256": result.protocol.sha256,
        "learner": result.learner,
        "seed": result.train_seed,
        "file": f"{result.file_stem}.json",
        "arrays": {name: array_sha256(array) for name, array in arrays.items()},
    }


def _joined(evaluation: Evaluation, task: Task, place: Place) -> Answers:
    ranges: list[Answers] = []
    for part in answers_tasks(evaluation, task.conditions):
        start = part.body["start"]
        end = part.body["end"]
        file = place.file(part)
        ranges.append(read_answers(file, evaluation.protocol, start, end))
    return Answers.joined(ranges)


def _as_of_a_grid(result: RunResult, task: Task, place: Place) -> RunResult:
    """Return a result with the command of the grid, and what is known of its machines.

    The published checkpoint has no times. So the result does not state how many seconds
    the training took.
    """
    recipe = dict(result.recipe)
    recipe.pop("trained_seconds", None)
    folder = str(place.folder)
    words = ["fewbench", "grid", "run", f"{folder}/{COPY}", "--out", folder]
    environment = dict(result.environment)
    machines = _machines(task, place)
    if len(machines) > 1:
        environment["mixed"] = "; ".join(machines)
    return replace(
        result, recipe=recipe, command=shlex.join(words), environment=environment
    )


def _machines(task: Task, place: Place) -> list[str]:
    """Return the kinds of machines that took part in the work of this folder."""
    kinds = {task.conditions.machine}
    kinds.update(one.machine for one in noted_machines(place.folder))
    return sorted(kinds)

"""Save the results of a grid whose answers were made by several shards."""

import time

from fewbench.progress import Progress

from .grid_tasks import answers_tasks
from .grid_work import OpenGrid, forget_lost_results
from .log import append_line
from .outcome import Outcome
from .place import Place
from .plan import PlannedTraining
from .task import Task
from .worker import do_task

_SECONDS_BETWEEN_TRIES = 0.1


def merge_results(opened: OpenGrid, progress: Progress) -> list[str]:
    """Save all results whose answers are complete, in this process.

    Return a sentence for each result that could not be saved.
    Raises DifferentCopies if a result differs from one that was saved before.
    """
    plan = opened.plan
    forget_lost_results(plan)
    failures: list[str] = []
    for number, training in enumerate(plan.trainings, start=1):
        failures += _merge(training, opened)
        progress("merge trainings", number, len(plan.trainings))
    return failures


def _merge(training: PlannedTraining, opened: OpenGrid) -> list[str]:
    place = opened.plan.place
    failures: list[str] = []
    for evaluation in training.unfinished(place):
        answers = answers_tasks(evaluation, training.conditions)
        if not all(place.is_done(one) for one in answers):
            continue
        task = training.result(evaluation)
        outcome = _saved(task, place)
        append_line(place.folder, task, outcome)
        if outcome.state != "done":
            failures.append(f"{task.title}: {outcome.reason}")
    return failures


def _saved(task: Task, place: Place) -> Outcome:
    """Save a result. Wait while another process saves it, as `fewbench grid run` does."""
    while (outcome := do_task(task, place)).state == "busy":
        time.sleep(_SECONDS_BETWEEN_TRIES)
    return outcome

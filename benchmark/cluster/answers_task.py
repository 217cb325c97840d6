"""Do a task of the kind "answers": let a model answer a range of episodes."""

from pathlib import Path

from ...baselines.evaluation.features import refuse_changes
from ..evaluate import answer_range
from .answers_file import save_answers
from .grid_tasks import evaluation_of
from .opened_evaluation import open_evaluation
from .place import Place
from .task import Task


def make_answers(task: Task, place: Place, attempt: Path) -> Path:
    """Answer a range of episodes, and return the file with the answers.

    The model and its features stay in memory for the next task.
    Raises BaselineError if the features are stored in a file that has changed since it was
    opened. Raises the errors of `open_evaluation` and of `answer_range`.
    """
    opened = open_evaluation(evaluation_of(task), place, task.conditions)
    start = task.body["start"]
    end = task.body["end"]
    _, answers = answer_range(opened.examiner, opened.stream, start, end)
    refuse_changes(opened.examiner.features)
    return save_answers(attempt / "answers.npz", answers)

"""Do a task of the kind "result"."""

from pathlib import Path

from .place import Place
from .task import Task


def make_grid_result(task: Task, place: Place, attempt: Path) -> Path:
    """Do the task in the folder of an attempt, and return its complete file."""
    raise NotImplementedError

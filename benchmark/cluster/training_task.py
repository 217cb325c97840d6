"""Do a task of the kind "training"."""

from pathlib import Path

from .place import Place
from .task import Task


def make_training(task: Task, place: Place, attempt: Path) -> Path:
    """Do the task in the folder of an attempt, and return its complete file."""
    raise NotImplementedError

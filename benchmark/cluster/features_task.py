"""Do a task of the kind "features"."""

from pathlib import Path

from .place import Place
from .task import Task


def make_features(task: Task, place: Place, attempt: Path) -> Path:
    """Do the task in the folder of an attempt, and return its complete file."""
    raise NotImplementedError

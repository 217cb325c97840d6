"""Import the optional libraries learn2learn and higher, when a learner needs them."""

import importlib
import warnings
from types import ModuleType

from .learner import BaselineError

# The names of the learners that each library can run.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "learn2learn": ("protonet", "maml", "fomaml", "anil"),
    "higher": ("maml", "fomaml", "anil"),
}


def learn2learn() -> ModuleType:
    """Import learn2learn. Raises BaselineError if the import fails."""
    return _library("learn2learn")


def higher() -> ModuleType:
    """Import higher. Raises BaselineError if the import fails."""
    return _library("higher")


def _library(name: str) -> ModuleType:
    try:
        # Both libraries import other libraries, which warn.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as error:
        raise BaselineError(
            f"--backend {name}: cannot import {name} ({error}). Use --backend native, "
            f"or install {name} with the command that is printed by: fewbench env"
        ) from error

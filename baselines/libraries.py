"""Other libraries that can run some learners. They are imported only when asked for."""

import importlib
import warnings
from types import ModuleType

from .learner import BaselineError

# Library -> the learners that it can run.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "learn2learn": ("protonet", "maml", "fomaml", "anil"),
    "higher": ("maml", "fomaml", "anil"),
}


def learn2learn() -> ModuleType:
    """The library. Raises BaselineError when it, or something it imports, is missing."""
    return _library("learn2learn")


def higher() -> ModuleType:
    """The library. Raises BaselineError when it is missing."""
    return _library("higher")


def _library(name: str) -> ModuleType:
    try:
        # These two import libraries that warn.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as error:
        raise BaselineError(
            f"--backend {name}: cannot import {name} ({error}). Use --backend native, or "
            f"install it with the line that this prints: fewbench env"
        ) from error

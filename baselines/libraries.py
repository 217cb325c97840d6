"""Other libraries that can do the work of a learner, imported when they are asked for."""

import importlib
import warnings
from types import ModuleType

from .learner import BaselineError

# Library -> learners that it can do the work of.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "learn2learn": ("protonet", "maml", "fomaml", "anil"),
    "higher": ("maml", "fomaml", "anil"),
}


def learn2learn() -> ModuleType:
    """The library. Raises BaselineError when it or something that it imports is missing."""
    return _library("learn2learn")


def higher() -> ModuleType:
    """The library. Raises BaselineError when it is missing."""
    return _library("higher")


def _library(name: str) -> ModuleType:
    try:
        with warnings.catch_warnings():  # of libraries that these two import
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as error:
        raise BaselineError(
            f"--backend {name}: cannot import it ({error}). `fewbench env` prints the line that "
            f"installs it; or use --backend native."
        ) from error

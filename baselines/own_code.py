"""Import code of the user, which a recipe names as `module:name`.

A checkpoint may come from somebody else. The code that it names is therefore imported only
from where Python looks anyway, and never from the working folder. `look_in_working_folder`
is for names that the user typed.
"""

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from fewbench.documents import shown
from fewbench.files import file_digest

from .learner import BaselineError
from .outputs import last_words

# The keys of a recipe that may name code of the user.
OwnKey = Literal["learner", "backbone"]


def is_own(name: str) -> bool:
    """Return whether a recipe names code of the user: "module:name"."""
    return ":" in name


def look_in_working_folder() -> None:
    """Let a file in the working folder be imported, as with `python -m`."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)


def imported(name: str) -> object:
    """Import `module:name`, and return what it names; None if the module lacks it.

    Raises BaselineError if the module cannot be imported.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
        return getattr(module, attribute, None)
    except Exception as error:
        # The module is the user's own, so it can raise anything.
        raise BaselineError(
            f"{shown(name, 200)}: cannot import {shown(module_name)}: "
            f"{last_words(error)}. If you trust that file, put its folder on the path: "
            f"PYTHONPATH=FOLDER fewbench ..."
        ) from error


def source_hashes(recipe: dict[str, Any]) -> dict[str, str]:
    """Return the sha256 of each file with code of the user that a recipe names.

    Only the named file counts, and no other file that it imports.

    recipe: the values of the recipe, by key
    Return the hashes by the keys "learner" and "backbone", where these name such code.
    Raises BaselineError if the code cannot be imported.
    """
    hashes: dict[str, str] = {}
    for key in ("learner", "backbone"):
        name = recipe[key]
        if not is_own(name):
            continue
        imported(name)
        module_name, _, _ = name.partition(":")
        module = sys.modules[module_name]
        file = getattr(module, "__file__", None)
        if file is not None:
            hashes[key] = file_digest(Path(file), "sha256")
    return hashes


def changed_sources(
    saved: Mapping[OwnKey, str], current: Mapping[str, str]
) -> list[OwnKey]:
    """Return the keys whose code differs from the code that trained a learner."""
    changed: list[OwnKey] = []
    for key, sha256 in saved.items():
        if current.get(key) != sha256:
            changed.append(key)
    return changed

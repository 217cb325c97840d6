"""Import code of the user, which a recipe names as `module:name`.

A checkpoint may come from somebody else. The code that it names is therefore imported only
from where Python looks anyway, and never from the working folder. `look_in_working_folder`
is for names that the user typed.
"""

import importlib
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from fewbench.documents import shown
from fewbench.files import file_digest

from .learner import BaselineError
from .outputs import last_words

# The keys of a recipe that may name code of the user.
OwnKey = Literal["learner", "backbone"]
# Name of a module -> its spec, and the hash of its file when it was imported.
_noted: dict[str, tuple[ModuleSpec | None, str | None]] = {}
_CHANGED = "changed"  # in place of the hash


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
        module = _import(module_name)
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

    Only the named file counts, and no other file that it imports. The hash is that of the
    code that runs: it does not change if the file is edited after it was imported.

    recipe: the values of the recipe, by key
    Return the hashes by the keys "learner" and "backbone", where these name such code.
    Raises BaselineError if the code cannot be imported, or if the file changed meanwhile.
    """
    hashes: dict[str, str] = {}
    for key in ("learner", "backbone"):
        name = recipe[key]
        if not is_own(name):
            continue
        imported(name)
        module_name, _, _ = name.partition(":")
        sha256 = _hash_of(module_name)
        if sha256 is not None:
            hashes[key] = sha256
    return hashes


def _import(name: str) -> object:
    """Import a module. Note the hash of its file, which may be edited at any moment."""
    if name in sys.modules:
        return sys.modules[name]
    file = None
    with suppress(ImportError):
        spec = find_spec(name)
        if spec is not None and spec.has_location:
            file = spec.origin
    before = _file_hash(file)
    module = importlib.import_module(name)
    if _file_hash(file) != before:
        before = _CHANGED
    _noted[name] = (getattr(module, "__spec__", None), before)
    return module


def _hash_of(name: str) -> str | None:
    """Return the hash of an imported module's code; None if it comes from no file.

    Raises BaselineError if the file changed while it was imported.
    """
    module = sys.modules[name]
    noted = _noted.get(name)
    # A module that was loaded again has another spec.
    if noted is None or noted[0] is not getattr(module, "__spec__", None):
        return _file_hash(getattr(module, "__file__", None))
    sha256 = noted[1]
    if sha256 == _CHANGED:
        raise BaselineError(
            f"{name}: changed while it was imported: expected a file that stays as it is. "
            f"Type the same command again"
        )
    return sha256


def _file_hash(file: str | None) -> str | None:
    """Return the hash of a file; None if there is none."""
    if file is not None:
        with suppress(OSError):  # it lies in an archive
            return file_digest(Path(file), "sha256")
    return None


def changed_sources(
    saved: Mapping[OwnKey, str], current: Mapping[str, str]
) -> list[OwnKey]:
    """Return the keys whose code differs from the code that trained a learner."""
    changed: list[OwnKey] = []
    for key, sha256 in saved.items():
        if current.get(key) != sha256:
            changed.append(key)
    return changed

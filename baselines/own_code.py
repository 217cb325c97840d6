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
from types import ModuleType
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
        sha256 = _hash_of(sys.modules[module_name])
        if sha256 is not None:
            hashes[key] = sha256
    return hashes


def _import(name: str) -> ModuleType:
    """Import a module. Note the hash of its file, which may be edited at any moment."""
    if name in sys.modules:
        return sys.modules[name]
    spec = None
    with suppress(ImportError):
        spec = find_spec(name)
    before = _file_hash(spec)
    module = importlib.import_module(name)
    if _file_hash(spec) != before:
        before = _CHANGED
    _noted[name] = (module.__spec__, before)
    return module


def _hash_of(module: ModuleType) -> str | None:
    """Return the hash of a module's code; None if it comes from no file.

    Raises BaselineError if the file changed while it was imported.
    """
    # A module that was loaded again has another spec.
    spec, sha256 = _noted.get(module.__name__, (None, None))
    if spec is None or spec is not module.__spec__:
        return _file_hash(module.__spec__)
    if sha256 == _CHANGED:
        raise BaselineError(
            f"{module.__name__}: changed while it was imported: expected a file that stays "
            f"as it is. Type the same command again"
        )
    return sha256


def _file_hash(spec: ModuleSpec | None) -> str | None:
    """Return the hash of the file that a module comes from; None if there is none."""
    if spec is None or spec.origin is None:
        return None
    with suppress(OSError):  # it is built in, or lies in an archive
        return file_digest(Path(spec.origin), "sha256")
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

"""Find references at a path: a set, one reference, or a result that serves as one."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from fewbench.errors import UserError

from ....reports.result_files import load_result
from .reference import Made
from .reference_file import FILE_NAME
from .reference_folder import ReferenceFolder, StoredReference, stored_at
from .write_reference import checked_runs, made_reference


def find_references(path: Path) -> list[StoredReference]:
    """Return the references at a path, at least one.

    path: a set, the folder of a reference, its reference.json, or a result (.json)
    Raises UserError if there is none, or if one cannot be read.
    """
    if path.is_file() and path.name != FILE_NAME:
        return [_of_result(path)]
    folder = path.parent if path.name == FILE_NAME else path
    if folder.name in ("", ".."):
        folder = folder.resolve()  # the set that a reference is in is its parent folder
    if (folder / FILE_NAME).exists():
        return [stored_at(folder)]
    found = ReferenceFolder(folder).all()
    if not found:
        raise UserError(
            f"{path}: expected a set of references, a reference or a result (.json), got "
            f"{_what_is(path)}. Make one: fewbench regress RESULT --reference "
            f"{shlex.quote(str(path))} --save --name NAME"
        )
    return found


def only_named(
    references: Sequence[StoredReference], name: str | None
) -> list[StoredReference]:
    """Return the references of a name; all if it is None.

    Raises UserError if no reference has this name. The error lists the names.
    """
    if name is None:
        return list(references)
    found = [one for one in references if one.reference.key.name == name]
    if not found:
        names = sorted({one.reference.key.name for one in references})
        listed = ", ".join(names)
        raise UserError(
            f"--name {name}: no such reference: expected one of {listed}, got {name}. "
            f"Choose one of these names"
        )
    return found


def _of_result(path: Path) -> StoredReference:
    """Return a result as the reference of one run."""
    result = load_result(path)
    made = Made(result.file_stem, "same", [result])
    reference = made_reference(made, checked_runs(made), (), "", path.parent)
    return StoredReference(reference, path, sha256="", loaded=result)


def _what_is(path: Path) -> str:
    return "a folder without them" if path.is_dir() else "no file of this name"

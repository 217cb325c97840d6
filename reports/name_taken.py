"""Refuse to replace a saved result by another one of the same name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fewbench.documents import DocumentError, parse_json, read_bytes, shown
from fewbench.locks import exclusive

from .records import ResultError
from .result_document import RUN_FIELDS, flattened

# Fields that are no facts of the evaluation, or that follow from the others.
_NOT_COMPARED = {
    *RUN_FIELDS,
    "accuracy",
    "content_sha256",
    "document_sha256",
    "key",
    "protocol_sha256",
    "schema_version",
    "task",
}
_ADVICE = (
    "Give this result another name or train_seed, choose another folder, or replace the "
    "saved result: overwrite=True, on the command line --overwrite"
)
_LONGEST = 40  # characters that are shown of a value


@contextmanager
def reserved(
    path: Path,
    document: dict[str, Any],
    *,
    overwrite: bool,
) -> Iterator[None]:
    """Keep other processes from saving a result of this name during the `with` block.

    path: the JSON file of the result; its folder is created
    Raises ResultError if the file holds another result and `overwrite` is False.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    with exclusive(lock, f"saving {path}", wait=True):
        if not overwrite:
            refuse_other(path, document)
        yield


def refuse_other(path: Path, document: dict[str, Any]) -> None:
    """Raise ResultError if a file holds another result than a document.

    Two results are the same if they were found with the same settings and have the same
    predictions, whenever and on whatever machine.

    path: the file that the document would be written to; it may not exist
    document: from `to_document`
    """
    try:
        saved = flattened(parse_json(read_bytes(path)))
    except FileNotFoundError:
        return
    except (DocumentError, KeyError, TypeError, ValueError, AttributeError):
        raise ResultError(
            f"{path}: there is a file of this name already, and it is not a result. "
            f"{_ADVICE}"
        ) from None
    differences = _differences(saved, flattened(document))
    if differences:
        listed = "; ".join(differences)
        raise ResultError(
            f"{path}: there is another result of this name already: {listed}. {_ADVICE}"
        )


def held_by(path: Path) -> str:
    """Return in a few words what result a file holds; "" if that cannot be told."""
    try:
        saved = flattened(parse_json(read_bytes(path)))
    except (OSError, DocumentError, KeyError, TypeError, ValueError, AttributeError):
        return ""
    learner = _shown(saved.get("learner"))
    words = [f"{learner}, train seed {_shown(saved.get('train_seed'))}"]
    names = ("backbone", "precision", "preparation", "checkpoint_sha256", "created_utc")
    for name in names:
        value = saved.get(name)
        if isinstance(value, dict):
            words.append(f"with {name}")
        elif value:
            words.append(f"{name} {_shown(value)}")
    return ", ".join(words)


def _differences(saved: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what differs, such as "precision fp32 there, bf16 here".

    A field that one of the documents lacks is unknown there, and does not differ.
    """
    found = []
    for name, here in new.items():
        there = saved.get(name)
        if name in _NOT_COMPARED or there is None or here is None:
            continue
        if name == "arrays_sha256":
            found += _differing_arrays(there, here)
        elif isinstance(there, dict) and isinstance(here, dict):
            found += _differing_entries(name, there, here)
        elif there != here:
            found.append(f"{name} {_shown(there)} there, {_shown(here)} here")
    return found


def _differing_arrays(there: dict[str, str], here: dict[str, str]) -> list[str]:
    common = [name for name in here if name in there]
    return [f"other {name}" for name in common if there[name] != here[name]]


def _differing_entries(
    name: str,
    there: dict[str, Any],
    here: dict[str, Any],
) -> list[str]:
    found = []
    for key in sorted({*there, *here} - {"trained_seconds"}):
        one = there.get(key)
        other = here.get(key)
        if one != other:
            shown_one = _shown(one)
            shown_other = _shown(other)
            found.append(f"{name} {key} {shown_one} there, {shown_other} here")
    return found


def _shown(value: object) -> str:
    return shown(value, _LONGEST)

"""Read and write reference.json, and refuse a file that was changed by hand."""

import json
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    read_bytes,
    shown,
)
from fewbench.errors import UserError

from ....reports.result_document import canonical_sha256
from .reference import SCHEMA_VERSION, Reference

FILE_NAME = "reference.json"
# The set that checks use by default.
DEFAULT_SET = "reference"
_FORMAT = "fewbench reference"
_EXPECTED = f"a reference, schema_version {SCHEMA_VERSION} or older"
_SCHEMA = TypeAdapter(Reference)


class ReadReference(NamedTuple):
    """A reference, and the bytes of the file that it was read from."""

    reference: Reference
    data: bytes


def reference_text(reference: Reference) -> str:
    """Return the text of reference.json, which git can show line by line."""
    document: dict[str, Any] = _SCHEMA.dump_python(reference, mode="json")
    document["format"] = _FORMAT
    document["schema_version"] = SCHEMA_VERSION
    document["summary"] = _summary(reference)
    document["seal"] = canonical_sha256(document)
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    return text + "\n"


def read_reference(path: Path) -> ReadReference:
    """Read a reference.

    Raises UserError if the file is missing, damaged, changed by hand, or written by a
    newer fewbench.
    """
    try:
        data = read_bytes(path)
        document = parse_json(data)
    except (OSError, DocumentError) as error:
        raise _damaged(path, f"a file that cannot be read ({error})") from error
    if newer_version(document, SCHEMA_VERSION) is not None:
        raise UserError(
            f"{path}: written by a newer fewbench: expected {_EXPECTED}, got "
            f"{document['schema_version']}. {UPGRADE}"
        )
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise _damaged(path, "another document")
    try:
        reference = fit(document, _SCHEMA)
    except DocumentError as error:
        raise _damaged(path, f"another document ({error})") from error
    _check_seal(path, document, reference)
    return ReadReference(reference, data)


def update_command(folder: Path, test: str) -> str:
    """Return the command that replaces a reference.

    folder: the folder of the reference, in a set
    test: see `Reference`
    """
    if not test:
        place = shlex.quote(str(folder))
        return (
            f"fewbench regress RESULT --reference {place} --update --reason 'WHY IT MAY "
            f"CHANGE'"
        )
    options = "--accuracy-update --accuracy-reason 'WHY IT MAY CHANGE'"
    return f"{_pytest(folder, test)} {options}"


def save_command(folder: Path, test: str) -> str:
    """Return the command that makes a reference that is missing."""
    if not test:
        place = shlex.quote(str(folder.parent))
        return f"fewbench regress RESULT --reference {place} --save --name NAME"
    return f"{_pytest(folder, test)} --accuracy-save"


def _anew_command(folder: Path, test: str) -> str:
    """Return the command that removes a reference with its history and saves a new one."""
    return f"rm -r {shlex.quote(str(folder))} && {save_command(folder, test)}"


def _pytest(folder: Path, test: str) -> str:
    used_set = folder.parent
    tests = used_set.parent.parent
    command = "pytest " + shlex.quote(str(tests / test))
    if used_set.name != DEFAULT_SET:
        command += " --accuracy-compare=" + shlex.quote(used_set.name)
    return command


def _summary(reference: Reference) -> dict[str, str]:
    """Return the mean and the spread for people who read the file."""
    summary = {
        "mean": f"{100 * reference.mean:.4f} %",
        "runs": str(len(reference.runs)),
    }
    if reference.spread is not None:
        summary["standard deviation"] = f"{100 * reference.spread:.4f} points"
    return summary


def _check_seal(path: Path, document: dict[str, Any], reference: Reference) -> None:
    content = dict(document)
    seal = content.pop("seal", None)
    found = canonical_sha256(content)
    if seal != found:
        place = shlex.quote(str(path))
        raise UserError(
            f"{path}: changed by hand after it was written: expected the seal {found}, got "
            f"{shown(seal)}. Take back the change: git checkout -- {place}; or begin a new "
            f"history: {_anew_command(path.parent, reference.test)}"
        )
    if content.get("summary") != _summary(reference):
        raise _damaged(path, "a summary of other runs")


def _damaged(path: Path, got: str) -> UserError:
    place = shlex.quote(str(path))
    return UserError(
        f"{path}: cannot read the reference: expected {_EXPECTED}, got {got}. Restore "
        f"it: git checkout -- {place}; or delete its folder and save it anew"
    )

"""Read the JSON document of a result, and refuse damaged or changed results."""

import re
import shlex
from pathlib import Path
from typing import Any

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    read_bytes,
    shown,
)

from .records import SCHEMA_VERSION, ResultError
from .result_document import SCHEMA, ResultFile, broken_seal, flattened

_DOCUMENT = f"a result document, schema_version {SCHEMA_VERSION} or older"
_LONGEST_COMMAND = 500  # a longer command of a result is not shown
# A command from a file is advised only if a shell does nothing else with it.
_OWN_COMMAND = re.compile(r"fewbench evaluate [\w\s./=:+,@%'-]+")


class NoResultError(ResultError):
    """The file is no result at all, as far as can be told."""


def read_document(path: Path) -> ResultFile:
    """Read the JSON document of a result, without its arrays.

    Raises ResultError if it is missing, damaged, changed by hand, or written by a newer
    fewbench.
    """
    document = _read_json(path)
    _refuse_newer(path, document)
    try:
        saved = fit(flattened(document), SCHEMA)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = str(error)
        if isinstance(error, KeyError):
            what = f"{error.args[0]} is missing"
        refused = refusal(
            path,
            "not a valid result",
            got=what,
            expected=_DOCUMENT,
        )
        if _is_marked(document):
            raise refused from error
        raise NoResultError(str(refused)) from error
    broken = broken_seal(document, saved)
    if broken:
        raise refusal(
            path,
            broken.meaning,
            got=f"sha256 {broken.found}",
            expected=f"sha256 {shown(broken.saved or 'in document_sha256')}",
            saved=saved,
        )
    return saved


def _read_json(path: Path) -> Any:
    try:
        return parse_json(read_bytes(path))
    except FileNotFoundError as error:
        raise no_such_result(path) from error
    except (OSError, DocumentError) as error:
        refused = refusal(
            path,
            "cannot read the result",
            got=f"a file that cannot be read: {shown(error, 300)}",
            expected=_DOCUMENT,
        )
        raise NoResultError(str(refused)) from error


def _is_marked(document: object) -> bool:
    """Whether a JSON document has the mark of a result."""
    return isinstance(document, dict) and "schema_version" in document


def _refuse_newer(path: Path, document: object) -> None:
    version = newer_version(document, SCHEMA_VERSION)
    if version is not None:
        raise ResultError(
            f"{path}: written by a newer fewbench: expected {_DOCUMENT}, "
            f"got {version}. {UPGRADE}"
        )


def no_such_result(path: Path) -> ResultError:
    """Return the error for a path at which there is no JSON document."""
    folder = shlex.quote(str(path.parent))
    return ResultError(
        f"{path}: no such result: expected a .json result or a folder with results, got "
        f"no file of this name. Check the path, or evaluate: fewbench evaluate LEARNER "
        f"--protocol NAME --out {folder}"
    )


def _own_command(text: str, folder: Path) -> str:
    """Return the command of a result, if it can be advised; else "".

    The text comes from a stranger. The command must be ours, and writes into no other
    folder than that of the result.
    """
    if len(text) > _LONGEST_COMMAND or not _OWN_COMMAND.fullmatch(text):
        return ""
    # module:name and --transform would run code.
    if ":" in text or "--transform" in text:
        return ""
    try:
        words = iter(shlex.split(text))
    except ValueError:
        return ""
    kept: list[str] = []
    for word in words:
        if word == "--out":
            next(words, None)
        elif not word.startswith(("--out=", "--overwrite")):
            kept.append(word)
    return shlex.join([*kept, "--out", str(folder), "--overwrite"])


def refusal(
    path: Path,
    what: str,
    *,
    got: str,
    expected: str,
    saved: ResultFile | None = None,
) -> ResultError:
    """Return the error for a result that cannot be read, or cannot be believed.

    Its last words are the command that makes the result again.

    path: the file that is refused, or a folder without results
    what: what failed
    saved: the document of the result, which holds this command; None if it is unknown
    """
    folder = path if path.is_dir() else path.parent
    command = "fewbench evaluate LEARNER --protocol NAME --out " + shlex.quote(
        str(folder)
    )
    if saved is not None:
        command = _own_command(saved.command, folder) or command
    return ResultError(
        f"{path}: {what}: expected {expected}, got {got}. Copy the result again from "
        f"the machine that made it, or evaluate again: {command}"
    )

"""Read and write results without loss.

A result is two files in one folder: a JSON document, and an .npz file with the arrays.
"""

import hashlib
import io
import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from fewbench.documents import (
    DocumentError,
    explain,
    fit,
    parse_json,
    read_bytes,
)
from fewbench.files import write_bytes, write_text
from fewbench.npz import UNREADABLE, read_arrays

from .name_taken import reserved
from .protocol import EvalProtocol
from .records import CONFIDENCE_BINS, SCHEMA_VERSION, ResultError, RunResult
from .result_document import (
    SCHEMA,
    ResultFile,
    accuracy_texts,
    broken_seal,
    flattened,
    to_document,
)

Check = Callable[[Path, RunResult], RunResult]

RESULT_PATTERN = "*__*__seed*.json"
_DOCUMENT = f"a result document, schema_version {SCHEMA_VERSION} or older"
_LONGEST_COMMAND = 500  # a longer command of a result is not shown
_NAMES_LIMIT = 4 << 20  # the most bytes for the names or the sizes of all classes


def save_result(
    result: RunResult,
    folder: Path,
    *,
    overwrite: bool = False,
) -> Path:
    """Write `<stem>.npz`, then `<stem>.json`, and return the path of the JSON file.

    The JSON file is written last, so the result is complete if this file exists. It holds
    hashes of the arrays and of itself, so that `load_result` notices a change by hand.

    overwrite: whether to replace another result of the same name
    Raises ResultError if there is another result of this name and `overwrite` is False.
    """
    folder = Path(folder)
    arrays = result.arrays()
    hashes = {name: _sha256(array) for name, array in arrays.items()}
    content = to_document(result, hashes, accuracy_texts(result))
    document = json.dumps(
        content,
        indent=2,
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
    )
    buffer = io.BytesIO()
    packed: dict[str, Any] = arrays
    np.savez_compressed(buffer, **packed)
    stem = result.file_stem
    path = folder / f"{stem}.json"
    with reserved(path, content, overwrite=overwrite):
        write_bytes(folder / f"{stem}.npz", buffer.getvalue())
        return write_text(path, document + "\n")


def load_result(path: Path) -> RunResult:
    """Read the result whose JSON document is `path`.

    Raises ResultError if either file is missing, damaged, changed by hand, or written
    by a newer fewbench.
    """
    path = Path(path)
    saved = read_document(path)
    arrays_path = path.with_name(f"{path.name.removesuffix('.json')}.npz")
    arrays = _read_arrays(arrays_path, saved)
    fields: dict[str, Any] = {**saved.header(), **arrays}
    try:
        result = RunResult(**fields)
        saved.check_accuracy(result)
    except ValueError as error:
        is_schema = isinstance(error, ValidationError)
        raise _refusal(
            arrays_path,
            "the arrays contradict the result",
            got=explain(error) if is_schema else str(error),
            expected="arrays that fit the protocol and each other",
            saved=saved,
        ) from error
    return result


def load_results(paths: Iterable[Path], check: Check | None = None) -> list[RunResult]:
    """Read all results in some files and folders, sorted by file stem.

    paths: JSON documents, or folders; in a folder, all files whose names match
        RESULT_PATTERN are read
    check: called with the path of each document and its result; returns the result, with
        what it found out about it, or raises ResultError
    Raises ResultError if a folder has no results, or if a result cannot be read.
    """
    files: dict[Path, Path] = {}
    for path in paths:
        for file in _result_files(Path(path)):
            files[file.resolve()] = file
    in_order = [files[resolved] for resolved in sorted(files)]
    # Several results are unpacked and hashed at the same time.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(load_result, in_order))
    if check is not None:
        results = list(map(check, in_order, results))
    return sorted(results, key=lambda result: result.file_stem)


def _result_files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.glob(RESULT_PATTERN))
    if not files:
        raise _refusal(
            path,
            "no results in this folder",
            got="none",
            expected=f"files like {RESULT_PATTERN}",
        )
    return files


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
        raise _refusal(
            path,
            "not a valid result",
            got=what,
            expected=_DOCUMENT,
        ) from error
    broken = broken_seal(document, saved)
    if broken:
        raise _refusal(
            path,
            broken.meaning,
            got=f"sha256 {broken.found}",
            expected=f"sha256 {broken.saved or 'in document_sha256'}",
            saved=saved,
        )
    return saved


def _read_json(path: Path) -> Any:
    try:
        return parse_json(read_bytes(path))
    except FileNotFoundError as error:
        raise _refusal(
            path,
            "no such result",
            got="no file",
            expected="a .json result",
        ) from error
    except (OSError, DocumentError) as error:
        raise _refusal(
            path,
            "cannot read the result",
            got=str(error),
            expected=_DOCUMENT,
        ) from error


def _refuse_newer(path: Path, document: object) -> None:
    version = None
    if isinstance(document, dict):
        version = document.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ResultError(
            f"{path}: written by a newer fewbench: expected {_DOCUMENT}, "
            f"got {version}. Upgrade: pip install --upgrade fewbench"
        )


def _read_arrays(path: Path, saved: ResultFile) -> dict[str, NDArray[Any]]:
    expected = f"the arrays of {saved.file_stem} as they were saved"
    limits = _limits(saved.protocol)
    try:
        wanted = {name: limits.get(name, 0) for name in saved.arrays_sha256}
        arrays = read_arrays(path, wanted)
    except FileNotFoundError as error:
        raise _refusal(
            path,
            "the arrays are missing",
            got="no file",
            expected=expected,
            saved=saved,
        ) from error
    except UNREADABLE as error:
        raise _refusal(
            path,
            "cannot read the arrays",
            got=str(error),
            expected=expected,
            saved=saved,
        ) from error
    for name, array in arrays.items():
        recorded = saved.arrays_sha256[name]
        found = _sha256(array)
        if found != recorded:
            raise _refusal(
                path,
                f"{name} differs from what was saved",
                got=f"sha256 {found}",
                expected=f"sha256 {recorded}",
                saved=saved,
            )
    return arrays


def _limits(protocol: EvalProtocol) -> dict[str, int]:
    """Return the largest size in bytes that each array can have under the protocol."""
    n_episodes = protocol.n_episodes
    return {
        "predictions": protocol.queries_per_episode * n_episodes,
        "correct": 4 * n_episodes,
        "classes": 2 * protocol.n_way * n_episodes,
        "class_names": _NAMES_LIMIT,
        "class_sizes": _NAMES_LIMIT,
        "calibration": 24 * CONFIDENCE_BINS,
        "queries": 2 * protocol.n_way * n_episodes,
    }


def _sha256(array: NDArray[Any]) -> str:
    """Return the sha256 of the values in C order and little-endian.

    The hash is the same on every machine.
    """
    little_endian = array.dtype.newbyteorder("<")
    values = array.astype(little_endian, order="C", copy=False)
    return hashlib.sha256(values.tobytes()).hexdigest()


# A command from a file is advised only if a shell does nothing else with it.
_OWN_COMMAND = re.compile(r"fewbench evaluate [\w\s./=:+,@%'-]+")


def _refusal(
    path: Path,
    what: str,
    *,
    got: str,
    expected: str,
    saved: ResultFile | None = None,
) -> ResultError:
    folder = path if path.is_dir() else path.parent
    command = "fewbench evaluate LEARNER --protocol NAME --out " + shlex.quote(
        str(folder)
    )
    is_short = saved is not None and len(saved.command) <= _LONGEST_COMMAND
    if saved and is_short and _OWN_COMMAND.fullmatch(saved.command):
        command = " ".join(saved.command.split())
        if "--overwrite" not in command:
            command += " --overwrite"
    return ResultError(
        f"{path}: {what}: expected {expected}, got {got}. Copy the result again from "
        f"the machine that made it, or evaluate again: {command}"
    )

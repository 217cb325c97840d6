"""Read and write results without loss.

A result is two files in one folder: a JSON document, and an .npz file with the arrays.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from fewbench.documents import explain, shown
from fewbench.files import write_together
from fewbench.npz import UNREADABLE, read_arrays

from .document_reader import no_such_result, read_document, refusal
from .name_taken import reserved
from .protocol import EvalProtocol
from .records import CONFIDENCE_BINS, ResultError, RunResult
from .result_document import ResultFile, accuracy_texts, to_document

Check = Callable[[Path, RunResult], RunResult]
# The document of each result that cannot be read -> why.
Refused = dict[Path, ResultError]

RESULT_PATTERN = "*__*__seed*.json"
_NAMES_LIMIT = 4 << 20  # the most bytes for the names or the sizes of all classes


def save_result(
    result: RunResult,
    folder: Path,
    *,
    overwrite: bool = False,
) -> Path:
    """Write `<stem>.npz` and `<stem>.json`, and return the path of the JSON file.

    The JSON file gets its name last, so the result is complete if this file exists. If one
    of the two cannot be written, an earlier result of this name stays whole. It holds
    hashes of the arrays and of itself, so that `load_result` notices a change by hand.

    overwrite: whether to replace another result of the same name
    Raises ResultError if there is another result of this name and `overwrite` is False.
    """
    folder = Path(folder)
    arrays = result.arrays()
    hashes = {name: array_sha256(array) for name, array in arrays.items()}
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
        arrays_file = folder / f"{stem}.npz"
        text = f"{document}\n".encode()
        write_together({arrays_file: buffer.getvalue(), path: text})
    return path


def load_result(path: Path) -> RunResult:
    """Read the result whose JSON document is `path`.

    Raises ResultError if either file is missing, damaged, changed by hand, or written
    by a newer fewbench.
    """
    result, _ = load_with_document(path)
    return result


def load_with_document(path: Path) -> tuple[RunResult, ResultFile]:
    """Read a result as `load_result` does. Return it with the document it comes from.

    The document is read once, since the file may be replaced at any moment.
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
        raise refusal(
            arrays_path,
            "the arrays contradict the result",
            got=explain(error) if is_schema else str(error),
            expected="arrays that fit the protocol and each other",
            saved=saved,
        ) from error
    return result, saved


def load_results(
    paths: Iterable[Path],
    check: Check | None = None,
    refused: Refused | None = None,
) -> list[RunResult]:
    """Read all results at some paths, sorted by file stem.

    paths: as in `find_documents`
    check: called with the path of each document and its result; returns the result, with
        what it found out about it, or raises ResultError
    refused: where the error of each result that cannot be read is put; None to raise the
        first
    Raises ResultError if `find_documents` does, or if a result cannot be read.
    """
    documents = sorted(find_documents(paths), key=Path.resolve)
    read = _noting(load_result, refused)
    # Several results are unpacked and hashed at the same time.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(read, documents))
    results: list[RunResult] = []
    checked = _noting(check or _unchecked, refused)
    for path, result in zip(documents, found, strict=True):
        if result is not None:
            result = checked(path, result)
        if result is not None:
            results.append(result)
    return sorted(results, key=lambda result: result.file_stem)


def _noting(
    function: Callable[..., RunResult], refused: Refused | None
) -> Callable[..., RunResult | None]:
    """Return a function that puts the ResultErrors of another one into `refused`."""

    def noting(path: Path, *others: RunResult) -> RunResult | None:
        try:
            return function(path, *others)
        except ResultError as error:
            if refused is None:
                raise
            refused[path] = error
            return None

    return noting


def _unchecked(_: Path, result: RunResult) -> RunResult:
    return result


def find_documents(paths: Iterable[Path]) -> list[Path]:
    """Return the JSON documents of all results at some paths, each document once.

    paths: JSON documents, the .npz files beside them (as in results/*), or folders; in a
        folder, all files whose names match RESULT_PATTERN are results
    Raises ResultError if a folder has no results, or if a document does not exist.
    """
    documents: dict[Path, Path] = {}
    for path in paths:
        for document in _documents_at(Path(path)):
            documents[document.resolve()] = document
    return list(documents.values())


def _documents_at(path: Path) -> Sequence[Path]:
    if path.is_dir():
        return _documents_in(path)
    if path.suffix == ".npz":
        path = path.with_name(f"{path.name.removesuffix('.npz')}.json")
    if not path.is_file():
        raise no_such_result(path)
    return [path]


def _documents_in(folder: Path) -> Sequence[Path]:
    documents = sorted(folder.glob(RESULT_PATTERN))
    if not documents:
        raise refusal(
            folder,
            "no results in this folder",
            got="none",
            expected=f"files like {RESULT_PATTERN}",
        )
    return documents


def _read_arrays(path: Path, saved: ResultFile) -> dict[str, NDArray[Any]]:
    expected = f"the arrays of {saved.file_stem} as they were saved"
    limits = _limits(saved.protocol)
    try:
        wanted = {name: limits.get(name, 0) for name in saved.arrays_sha256}
        arrays = read_arrays(path, wanted)
    except FileNotFoundError as error:
        raise refusal(
            path,
            "the arrays are missing",
            got="no file",
            expected=expected,
            saved=saved,
        ) from error
    except UNREADABLE as error:
        raise refusal(
            path,
            "cannot read the arrays",
            got=shown(error, 300),
            expected=expected,
            saved=saved,
        ) from error
    for name, array in arrays.items():
        recorded = saved.arrays_sha256[name]
        found = array_sha256(array)
        if found != recorded:
            raise refusal(
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


def array_sha256(array: NDArray[Any]) -> str:
    """Return the sha256 of the values in C order and little-endian.

    The hash is the same on every machine.
    """
    little_endian = array.dtype.newbyteorder("<")
    values = array.astype(little_endian, order="C", copy=False)
    return hashlib.sha256(values.tobytes()).hexdigest()

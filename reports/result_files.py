"""Results on disk: a JSON document and its arrays in an .npz beside it, saved without loss."""

import hashlib
import io
import json
import os
import shlex
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import from_json

from fewbench.files import write_bytes, write_text

from .records import (
    CONFIDENCE_BINS,
    SCHEMA_VERSION,
    STRICT,
    Count,
    EvalProtocol,
    ResultError,
    ResultHeader,
    RunResult,
    explain,
)

RESULT_PATTERN = "*__*__seed*.json"
# Names of the classes of a split: as many bytes as they may take unpacked.
_NAMES_LIMIT = 4 << 20
_NPY_HEADER = 4096


@dataclass(frozen=True, kw_only=True, eq=False, config=STRICT)
class ResultFile(ResultHeader):
    """The JSON document of a result; its arrays lie in the .npz beside it."""

    schema_version: Count
    arrays_sha256: dict[str, str]
    document_sha256: str = ""  # of the canonical document without this field


_FILE = TypeAdapter(ResultFile)

# What numpy and zipfile raise on damaged, pickled or hostile archives.
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def save_result(result: RunResult, folder: Path) -> Path:
    """Write `<stem>.npz`, then `<stem>.json`, and return the path of the latter.
    The JSON comes last and holds the hashes of the arrays and of itself: without it nothing is
    finished, and whoever edits it by hand is told."""
    folder = Path(folder)
    saved = ResultFile(
        **result.header(),
        schema_version=SCHEMA_VERSION,
        arrays_sha256={name: _sha256(array) for name, array in result.arrays().items()},
    )
    content = _FILE.dump_python(saved, mode="json")
    content["document_sha256"] = _document_sha256(content)
    document = json.dumps(
        content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    buffer = io.BytesIO()
    arrays: dict[str, Any] = result.arrays()
    np.savez_compressed(buffer, **arrays)
    write_bytes(folder / f"{result.file_stem}.npz", buffer.getvalue())
    return write_text(folder / f"{result.file_stem}.json", document + "\n")


def load_result(path: Path) -> RunResult:
    """Read the result whose JSON document is `path`.
    Raises ResultError when either file is missing, damaged, changed or of a newer fewbench."""
    path = Path(path)
    saved = _read_document(path)
    arrays_path = path.with_name(f"{path.name.removesuffix('.json')}.npz")
    fields: dict[str, Any] = saved.header() | _read_arrays(arrays_path, saved)
    try:
        return RunResult(**fields)
    except ValidationError as error:
        what, fits = (
            "the arrays contradict the result",
            "arrays that fit the protocol and each other",
        )
        raise _refusal(arrays_path, what, explain(error), fits, saved) from error


def load_results(paths: Iterable[Path]) -> list[RunResult]:
    """Read every result among these files and folders, sorted by file stem.
    Raises ResultError for a folder without results and for any result that cannot be read."""
    files = {
        file.resolve(): file for path in paths for file in _result_files(Path(path))
    }
    with ThreadPoolExecutor(
        os.cpu_count()
    ) as pool:  # unpacking and hashing run side by side
        results = list(
            pool.map(load_result, (file for _, file in sorted(files.items())))
        )
    return sorted(results, key=lambda result: result.file_stem)


def _result_files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.glob(RESULT_PATTERN))
    if not files:
        raise _refusal(
            path, "no results in this folder", "none", f"files like {RESULT_PATTERN}"
        )
    return files


def _read_document(path: Path) -> ResultFile:
    expected = f"a result document, schema_version {SCHEMA_VERSION} or older"
    try:
        text = path.read_bytes()
        document = from_json(text)
    except FileNotFoundError as error:
        raise _refusal(path, "no such result", "no file", "a .json result") from error
    except (OSError, ValueError) as error:
        raise _refusal(path, "cannot read the result", str(error), expected) from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ResultError(
            f"{path}: written by a newer fewbench. Expected {expected}; got {version}. "
            "Upgrade: pip install --upgrade fewbench"
        )
    try:
        saved = _FILE.validate_json(text)
    except ValidationError as error:
        raise _refusal(path, "not a valid result", explain(error), expected) from error
    if (got := _document_sha256(document)) != saved.document_sha256:
        expected = f"sha256 {saved.document_sha256 or 'in document_sha256'}"
        raise _refusal(
            path, "the document is not what was saved", f"sha256 {got}", expected, saved
        )
    return saved


def _read_arrays(path: Path, saved: ResultFile) -> dict[str, NDArray[Any]]:
    expected = f"the arrays of {saved.file_stem} as they were saved"
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, saved.protocol)
            arrays = {name: _read_array(archive, name) for name in saved.arrays_sha256}
    except FileNotFoundError as error:
        raise _refusal(
            path, "the arrays are missing", "no file", expected, saved
        ) from error
    except _UNREADABLE as error:
        raise _refusal(
            path, "cannot read the arrays", str(error), expected, saved
        ) from error
    for name, array in arrays.items():
        expected, got = saved.arrays_sha256[name], _sha256(array)
        if got != expected:
            what = f"{name} is not what was saved"
            raise _refusal(path, what, f"sha256 {got}", f"sha256 {expected}", saved)
    return arrays


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array of an .npz, unpacked in one piece: `numpy.load` takes it in many."""
    member = io.BytesIO(archive.read(f"{name}.npy"))
    return np.lib.format.read_array(member, allow_pickle=False)


def _check_size(archive: zipfile.ZipFile, protocol: EvalProtocol) -> None:
    """A few kilobytes of zip can claim to be terabytes: the protocol says how much there may be."""
    of_episode = {"predictions": protocol.queries_per_episode, "correct": 4}
    of_episode["classes"] = 2 * protocol.n_way
    limits = {name: size * protocol.n_episodes for name, size in of_episode.items()}
    limits |= {"class_names": _NAMES_LIMIT, "class_sizes": _NAMES_LIMIT}
    limits["calibration"] = 24 * CONFIDENCE_BINS
    for member in archive.infolist():
        limit = limits.get(member.filename.removesuffix(".npy"), 0) + _NPY_HEADER
        if member.file_size > limit:
            raise ValueError(
                f"{member.filename} has {member.file_size} bytes unpacked where the protocol "
                f"allows {limit}"
            )


def _document_sha256(document: dict[str, Any]) -> str:
    """Hash of all fields but the hash itself, whatever the white space between them."""
    content = {
        name: value for name, value in document.items() if name != "document_sha256"
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(array: NDArray[Any]) -> str:
    """Hash of the values in C order, little-endian: the same on every machine."""
    values = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return hashlib.sha256(values.tobytes()).hexdigest()


def _refusal(
    path: Path,
    what: str,
    got: str,
    expected: str,
    saved: ResultFile | None = None,
) -> ResultError:
    folder = shlex.quote(str(path if path.is_dir() else path.parent))
    again = f"fewbench evaluate LEARNER --protocol NAME --out {folder}"
    if saved and saved.command:
        again = " ".join(saved.command.split())
        again += " --overwrite" * ("--overwrite" not in again)
    return ResultError(
        f"{path}: {what}. Expected {expected}; got {got}. Restore it from where it was made, "
        f"or evaluate again: {again}"
    )

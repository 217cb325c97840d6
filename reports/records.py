"""Results: what was evaluated, on which episodes, with which predictions. Saved without loss."""

import hashlib
import io
import json
import shlex
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import from_json

from .atomic import write_bytes, write_text

SCHEMA_VERSION = 1
RESULT_PATTERN = "*__*__seed*.json"

# Names become parts of file names, and "__" separates the parts: hence none within a name.
NAME_PATTERN = r"^[a-z0-9](_?[a-z0-9.-])*$"
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=80)]
Count = Annotated[int, Field(ge=1)]
Scalar = str | int | float | bool | None
# "other": a user's own function does not say how it computes.
Precision = Literal["fp32", "bf16", "other"]

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)


class ResultError(ValueError):
    """Something about a result that the user can mend; the text says how."""


@dataclass(frozen=True, config=_STRICT)
class EvalProtocol:
    """Which episodes a learner is scored on. Counts are per class: an episode has
    n_way * n_shot support images and n_way * n_query query images.
    Raises pydantic.ValidationError (a ValueError) for values out of bounds; see `explain`."""

    name: Name
    dataset: Name
    split: Name
    n_way: Annotated[int, Field(ge=2, le=256)]  # predicted labels are uint8
    n_shot: Count
    n_query: Count
    n_episodes: Count
    seed: Annotated[int, Field(ge=0)]
    rotations: bool = False
    transductive: bool = False

    @property
    def queries_per_episode(self) -> int:
        return self.n_way * self.n_query


@dataclass(frozen=True, kw_only=True, eq=False, config=_STRICT)
class ResultHeader:
    """Everything about a run except its arrays: the provenance of a number.
    `partial` says that the data were not complete; `recipe` is {} for an untrained learner;
    `seconds` holds what was timed, for instance {"embed": .., "classify": .., "total": ..}."""

    protocol: EvalProtocol
    learner: Name
    backbone: str
    train_seed: Annotated[int, Field(ge=0)]
    recipe: dict[str, Scalar]
    precision: Precision
    device: str
    transductive: bool
    partial: bool
    data_fingerprint: str
    episodes_fingerprint: str
    checkpoint_sha256: str | None
    environment: dict[str, str]
    seconds: dict[str, float]
    created_utc: str
    command: str

    @property
    def file_stem(self) -> str:
        return f"{self.protocol.name}__{self.learner}__seed{self.train_seed}"

    def header(self) -> dict[str, Any]:
        """The fields of this class by name, without those of a subclass."""
        return {field.name: getattr(self, field.name) for field in fields(ResultHeader)}


@dataclass(frozen=True, kw_only=True, eq=False, config=_STRICT)
class RunResult(ResultHeader):
    """One learner scored on one protocol.

    predictions: uint8 (n_episodes, n_way * n_query) predicted label of each query, class by
        class: the true label of query j is j // n_query.
    correct: int32 (n_episodes,) number of right answers; see `count_correct`.
    Raises pydantic.ValidationError (a ValueError) if the arrays do not fit the protocol or
    each other.
    """

    predictions: NDArray[np.uint8]
    correct: NDArray[np.int32]
    schema_version: ClassVar[int] = SCHEMA_VERSION

    def __post_init__(self) -> None:
        protocol = self.protocol
        shape = (protocol.n_episodes, protocol.queries_per_episode)
        _check_array("predictions", self.predictions, np.uint8, shape)
        _check_array("correct", self.correct, np.int32, shape[:1])
        if int(self.predictions.max()) >= protocol.n_way:
            raise ValueError(
                f"predictions holds label {self.predictions.max()}, "
                f"expected labels 0 to {protocol.n_way - 1}"
            )
        if not np.array_equal(self.correct, count_correct(self.predictions, protocol.n_way)):
            raise ValueError("correct is not the count of right answers in predictions")

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """Share of right answers in each episode: float64 (n_episodes,) in [0, 1]."""
        return self.correct / self.protocol.queries_per_episode

    @property
    def mean(self) -> float:
        """Share of right answers over all queries: every episode has equally many."""
        return int(self.correct.sum(dtype=np.int64)) / self.predictions.size


@dataclass(frozen=True, kw_only=True, eq=False, config=_STRICT)
class ResultFile(ResultHeader):
    """The JSON document of a result; its arrays lie in the .npz beside it."""

    schema_version: Count
    predictions_sha256: str
    correct_sha256: str


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


def count_correct(predictions: NDArray[np.uint8], n_way: int) -> NDArray[np.int32]:
    """How many queries of each episode were answered rightly.
    predictions: uint8 (n_episodes, n_way * n_query) labels, class by class.
    Returns int32 (n_episodes,)."""
    truth = np.arange(n_way).repeat(predictions.shape[1] // n_way)
    return (predictions == truth).sum(axis=1, dtype=np.int32)


def explain(error: ValidationError) -> str:
    """The first complaint of pydantic as one line: where, what was expected, what it got."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return f"{where}: {what} (got {first['input']!r:.60})" if where else what


def save_result(result: RunResult, folder: Path) -> Path:
    """Write `<stem>.npz`, then `<stem>.json`, and return the path of the latter.
    The JSON comes last and holds the hashes of both arrays: without it nothing is finished."""
    folder = Path(folder)
    saved = ResultFile(
        **result.header(),
        schema_version=SCHEMA_VERSION,
        predictions_sha256=_sha256(result.predictions),
        correct_sha256=_sha256(result.correct),
    )
    document = json.dumps(
        _FILE.dump_python(saved, mode="json"),
        indent=2,
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
    )
    buffer = io.BytesIO()
    np.savez_compressed(buffer, predictions=result.predictions, correct=result.correct)
    write_bytes(folder / f"{result.file_stem}.npz", buffer.getvalue())
    return write_text(folder / f"{result.file_stem}.json", document + "\n")


def load_result(path: Path) -> RunResult:
    """Read the result whose JSON document is `path`.
    Raises ResultError when either file is missing, damaged, changed or of a newer fewbench."""
    path = Path(path)
    saved = _read_document(path)
    arrays_path = path.with_name(f"{path.name.removesuffix('.json')}.npz")
    arrays = _read_arrays(arrays_path, saved)
    try:
        return RunResult(**saved.header(), predictions=arrays[0], correct=arrays[1])
    except ValidationError as error:
        raise _refusal(arrays_path, "the arrays contradict the result", explain(error)) from error


def load_results(paths: Iterable[Path]) -> list[RunResult]:
    """Read every result among these files and folders, sorted by file stem.
    Raises ResultError for a folder without results and for any result that cannot be read."""
    files = {file.resolve(): file for path in paths for file in _result_files(Path(path))}
    results = [load_result(file) for _, file in sorted(files.items())]
    return sorted(results, key=lambda result: result.file_stem)


def _result_files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.glob(RESULT_PATTERN))
    if not files:
        raise _refusal(path, "no results in this folder", "none", f"files like {RESULT_PATTERN}")
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
        return _FILE.validate_json(text)
    except ValidationError as error:
        raise _refusal(path, "not a valid result", explain(error), expected) from error


def _read_arrays(path: Path, saved: ResultFile) -> tuple[NDArray[Any], NDArray[Any]]:
    expected = f"the arrays of {saved.file_stem} as they were saved"
    try:
        _check_size(path, saved.protocol)
        with np.load(path, allow_pickle=False) as npz:
            predictions, correct = npz["predictions"], npz["correct"]
    except FileNotFoundError as error:
        raise _refusal(path, "the arrays are missing", "no file", expected, saved) from error
    except _UNREADABLE as error:
        raise _refusal(path, "cannot read the arrays", str(error), expected, saved) from error
    _check_hash(path, "predictions", predictions, saved)
    _check_hash(path, "correct", correct, saved)
    return predictions, correct


def _check_hash(path: Path, name: str, array: NDArray[Any], saved: ResultFile) -> None:
    expected, got = getattr(saved, f"{name}_sha256"), _sha256(array)
    if got != expected:
        what = f"{name} is not what was saved"
        raise _refusal(path, what, f"sha256 {got}", f"sha256 {expected}", saved)


def _check_size(path: Path, protocol: EvalProtocol) -> None:
    """A few kilobytes of zip can claim to be terabytes: the protocol says how much there may be."""
    limit = protocol.n_episodes * (protocol.queries_per_episode + 4) + 4096
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > limit:
        raise ValueError(f"{size} bytes unpacked where the protocol allows {limit}")


def _check_array(name: str, array: NDArray[Any], dtype: type, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(
            f"{name} is {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}"
        )


def _sha256(array: NDArray[Any]) -> str:
    """Hash of the values in C order, little-endian: the same on every machine."""
    values = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return hashlib.sha256(values.tobytes()).hexdigest()


def _refusal(
    path: Path,
    what: str,
    got: str,
    expected: str = "arrays that fit the protocol and each other",
    saved: ResultFile | None = None,
) -> ResultError:
    learner, protocol = (saved.learner, saved.protocol.name) if saved else ("LEARNER", "NAME")
    folder = shlex.quote(str(path if path.is_dir() else path.parent))
    return ResultError(
        f"{path}: {what}. Expected {expected}; got {got}. Restore it from where it was made, "
        f"or evaluate again: fewbench evaluate {learner} --protocol {protocol} --out {folder}"
    )

"""Results that another program than fewbench wrote, from an exported episode list.

Such a result is a JSON document and an .npz beside it. The document says which episodes were
answered, and the arrays hold the answers. All that a `RunResult` has besides is derived.
"""

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.documents import DocumentError, explain, fit, parse_json, read_bytes
from fewbench.npz import UNREADABLE, array_kind, read_arrays

from ...reports.names import ShownName
from ...reports.origin import Sha256
from ...reports.protocol import EvalProtocol
from ...reports.records import ResultError, RunResult, count_correct
from ...reports.result_checks import check_array
from .card import Card

FORMAT = "fewbench-predictions"
_NAMES_LIMIT = 4 << 20  # the most bytes for the names or the sizes of all classes


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Predictions:
    """The document of a result that another program wrote.

    protocol, data_fingerprint, episodes_fingerprint: as in the header of the episode file
    date: the day of the evaluation
    device: where the answers were computed, such as "cuda"
    """

    format: Literal["fewbench-predictions"]
    schema_version: Literal[1]
    learner: ShownName
    train_seed: Annotated[int, Field(ge=0, lt=2**64)]
    protocol: EvalProtocol
    data_fingerprint: Sha256
    episodes_fingerprint: Sha256
    date: datetime.date
    device: Annotated[str, Field(max_length=80)] = "unknown"


SCHEMA = TypeAdapter(Predictions)


def is_foreign(path: Path) -> bool:
    """Tell whether a document in a bundle says that another program wrote it."""
    try:
        document = parse_json(read_bytes(path))
    except (OSError, DocumentError):
        return False
    return isinstance(document, dict) and document.get("format") == FORMAT


def load_foreign(path: Path, card: Card | None) -> RunResult:
    """Read a result that another program wrote.

    path: the JSON document
    card: what the authors say; None if it cannot be read
    Raises ResultError if the document or the arrays are damaged or do not fit.
    """
    try:
        document = fit(parse_json(read_bytes(path)), SCHEMA)
        arrays = _read_arrays(path.with_suffix(".npz"), document.protocol)
        return RunResult(**_header(document, card), **_arrays(arrays, document))
    except ValidationError as invalid:
        raise _refusal(path, explain(invalid)) from invalid
    except FileNotFoundError as missing:
        raise _refusal(path, "no .npz of this name beside it") from missing
    except (*UNREADABLE, TypeError) as damage:
        raise _refusal(path, str(damage)) from damage


def _read_arrays(path: Path, protocol: EvalProtocol) -> dict[str, np.ndarray]:
    """Read the arrays of a result.

    Raises ValueError or another exception of UNREADABLE if they are damaged or too large.
    """
    try:
        return read_arrays(path, _limits(protocol))
    except ValueError:
        # Too many bytes often come from another shape or type, so these are named first.
        n_episodes = protocol.n_episodes
        shape = (n_episodes, protocol.queries_per_episode)
        _check_kind(path, "predictions", np.dtype(np.uint8), shape)
        shape = (n_episodes, protocol.n_way)
        _check_kind(path, "classes", np.dtype(np.uint16), shape)
        raise


def _check_kind(path: Path, name: str, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Raise ValueError if an array is there, and has another type or shape."""
    found = array_kind(path, name)
    if found not in (None, (dtype, shape)):
        raise ValueError(f"{name}: expected {dtype} {shape}, got {found[0]} {found[1]}")


def _limits(protocol: EvalProtocol) -> dict[str, int]:
    """Return the largest size in bytes of each array that has to be there."""
    n_episodes = protocol.n_episodes
    return {
        "predictions": protocol.queries_per_episode * n_episodes,
        "classes": 2 * protocol.n_way * n_episodes,
        "class_names": _NAMES_LIMIT,
        "class_sizes": _NAMES_LIMIT,
    }


def _header(document: Predictions, card: Card | None) -> dict[str, Any]:
    return {
        "protocol": document.protocol,
        "learner": document.learner,
        "train_seed": document.train_seed,
        "data_fingerprint": document.data_fingerprint,
        "episodes_fingerprint": document.episodes_fingerprint,
        "device": document.device,
        "created_utc": f"{document.date}T00:00:00+00:00",
        "backbone": card.network.backbone if card else "unknown",
        "transductive": card.test.transductive if card else False,
        "recipe": {},
        "precision": "other",
        "partial": False,
        "checkpoint_sha256": None,
        "environment": {},
        "seconds": {},
        "command": "",
    }


def _arrays(arrays: dict[str, np.ndarray], document: Predictions) -> dict[str, Any]:
    predictions = arrays["predictions"]
    protocol = document.protocol
    shape = (protocol.n_episodes, protocol.queries_per_episode)
    check_array("predictions", predictions, np.uint8, shape)
    return {**arrays, "correct": count_correct(predictions, protocol.n_way)}


def _refusal(path: Path, got: str) -> ResultError:
    return ResultError(
        f"{path}: not a valid result: expected a document {FORMAT!r} and its arrays as in "
        f"the guide about submissions, got {got}. Write both again"
    )

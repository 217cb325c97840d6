"""Read the learning curves of training runs from their logs."""

import re
from collections.abc import Container, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.documents import explain

from ..datasets.info import DataError

LOG = "train.json"  # the name that baselines.training gives it
History = list[dict[str, Any]]
_LONGEST_NAME = 60
# Bounds of what a log may hold.
_Step = Annotated[int, Field(ge=0, le=10**12)]
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Accuracy = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=ConfigDict(extra="ignore", strict=True))
class _Row:
    """What a learning curve needs of one row of the log.

    A loss of `inf` or NaN belongs to a run that diverged. It is not plotted.
    """

    step: _Step
    seconds: _Seconds | None = None
    loss: float | None = None
    val_accuracy: _Accuracy | None = None


@dataclass(frozen=True, config=ConfigDict(extra="ignore"))
class _Log:
    history: list[_Row]


def read_histories(folders: Sequence[Path]) -> dict[str, History]:
    """The log rows of the training runs in and below the folders, by a name for each run.

    A run is named after its folder; two folders of one name get numbers.
    Raises DataError as `read_history`.
    """
    logs: set[Path] = set()
    for folder in folders:
        logs.update(folder.rglob(LOG))
    histories: dict[str, History] = {}
    for path in sorted(logs):
        folder_name = path.parent.name
        name = _free_name(folder_name, histories)
        histories[name] = read_history(path)
    return histories


def read_history(path: Path) -> History:
    """The rows of one log. Raises DataError when the file is not the log of a run."""
    content = path.read_bytes()
    try:
        log = TypeAdapter(_Log).validate_json(content)
    except ValidationError as error:
        raise DataError(
            f"{path}: not the log of a training run ({explain(error)}). Expected the file that "
            f"`fewbench train` writes. Move this one to another folder."
        ) from error
    return list(map(asdict, log.history))


def _free_name(folder_name: str, taken: Container[str]) -> str:
    """A name that a file can have, made from that of a folder."""
    plain = re.sub(r"[^a-z0-9]+", "-", folder_name.lower())
    stem = plain.strip("-")[:_LONGEST_NAME] or "run"
    name = stem
    number = 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name

"""Read learning curves from the logs (train.json) of training runs."""

import re
from collections.abc import Container, Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.documents import DocumentError, fit, parse_json, read_bytes
from fewbench.errors import UserError

from ..datasets.info import DataError
from ..reports.names import check_shown_name

LOG = "train.json"  # the name of the log that baselines.training writes
History = list[dict[str, Any]]
_LONGEST_NAME = 60
# The values that are allowed in a log.
_Step = Annotated[int, Field(ge=0, le=10**12)]
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Accuracy = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=ConfigDict(extra="ignore", strict=True))
class _Row:
    """A row of the log: the values that a learning curve shows.

    loss: inf or NaN if training diverged; such a loss is not plotted
    val_accuracy: a fraction
    """

    step: _Step
    seconds: _Seconds | None = None
    loss: float | None = None
    val_accuracy: _Accuracy | None = None


@dataclass(frozen=True, config=ConfigDict(extra="ignore"))
class _Log:
    """The log: its rows, and the recipe with the name of the learner."""

    history: list[_Row]
    config: dict[str, Any] = field(default_factory=dict)


def read_histories(
    folders: Sequence[Path], refused: dict[Path, UserError]
) -> dict[str, History]:
    """Read the logs of all training runs in some folders and their subfolders.

    Return the rows of each log by the name of its run. A run is named after its folder.
    Equal names are numbered.
    refused: where the error of each train.json is put that is no log of a training run
    """
    logs: set[Path] = set()
    for folder in folders:
        logs.update(folder.rglob(LOG))
    histories: dict[str, History] = {}
    for path in sorted(logs):
        try:
            history = read_history(path)
        except DataError as error:
            refused[path] = error
            continue
        folder_name = path.parent.name
        name = _free_name(folder_name, histories)
        histories[name] = history
    return histories


def read_history(path: Path) -> History:
    """Read the rows of the log of a training run. Each row names the learner.

    Raises DataError if the file is not the log of a training run.
    """
    try:
        log = fit(parse_json(read_bytes(path)), TypeAdapter(_Log))
    except (OSError, DocumentError) as error:
        raise DataError(
            f"{path}: not the log of a training run ({error}). Expected a "
            f"{LOG} that `fewbench train` wrote. Move this file to another folder."
        ) from error
    rows = list(map(asdict, log.history))
    for row in rows:
        row["learner"] = str(log.config.get("learner", ""))
    return rows


def _free_name(folder_name: str, taken: Container[str]) -> str:
    """Return a name that is not in `taken`, made from the name of a folder.

    It is the folder's own name if that can be shown as one line.
    """
    stem = folder_name[:_LONGEST_NAME].strip()
    try:
        stem = check_shown_name(stem)
    except ValueError:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", folder_name)
        stem = plain.strip("-")[:_LONGEST_NAME] or "run"
    name = stem
    number = 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name

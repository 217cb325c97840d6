"""Report folders of results and training runs. Imports no torch: a report needs no model."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from ..datasets import BUILDERS
from ..datasets.info import DataError
from ..datasets.inspection.contact_sheet import contact_sheet
from ..datasets.lookup import pick
from ..datasets.root import data_root, open_split
from ..datasets.view import ImageView
from ..reports.records import RunResult, explain
from ..reports.result_files import RESULT_PATTERN, load_results
from .cli.console import note
from .published_numbers import published_numbers

LOG = "train.json"  # of a training run; as baselines.training has it
SAMPLES = 5  # images of each of the hardest classes


def report_folders(folders: Sequence[Path], out: Path, root: Path | None) -> list[Path]:
    """Report every result found in or below the folders, with learning curves, samples and
    published numbers beside."""
    from ..reports.report import write_report  # it brings matplotlib

    found = sorted(
        {path for folder in folders for path in folder.rglob(RESULT_PATTERN)}
    )
    results, place = _once(load_results(found or folders)), data_root(root)
    return write_report(
        results,
        out,
        _samples(results, place),
        _histories(folders),
        class_samples=partial(class_samples, place),
        published=published_numbers(),
    )


def _once(results: list[RunResult]) -> list[RunResult]:
    """Each result once, though several folders may hold copies of it."""
    known = {
        (repr(result.header()), result.predictions.tobytes()): result
        for result in results
    }
    if copies := len(results) - len(known):
        note(
            f"{copies} of the {len(results)} results are copies of others: each counts once"
        )
    return list(known.values())


def class_samples(
    root: Path, result: RunResult, names: Sequence[str]
) -> dict[str, list[np.ndarray]]:
    """Images uint8 (H, W, C) of the named classes, where the build at hand is the one evaluated."""
    view = _evaluated_view(result, root)
    if view is None:
        return {}
    places = {name: index for index, name in enumerate(view.class_names)}
    return {name: _first_images(view, places[name]) for name in names if name in places}


def _first_images(view: ImageView, class_index: int) -> list[np.ndarray]:
    first, end = view.class_offsets[class_index : class_index + 2]
    return list(view.images(np.arange(first, min(end, first + SAMPLES))))


def _evaluated_view(result: RunResult, root: Path) -> ImageView | None:
    protocol = result.protocol
    try:
        info = pick("dataset", protocol.dataset, BUILDERS)
        view = ImageView(
            [open_split(info, root, protocol.split)], rotations=protocol.rotations
        )
    except DataError:
        return None
    return view if view.fingerprint == result.data_fingerprint else None


def _samples(results: Sequence[RunResult], root: Path) -> dict[str, bytes]:
    """Contact sheets of the evaluated splits."""
    evaluated: dict[tuple[str, str, str], RunResult] = {}
    for result in results:
        protocol = result.protocol
        evaluated.setdefault(
            (protocol.dataset, protocol.split, result.data_fingerprint), result
        )
    sheets = {}
    for (dataset, split, _), result in sorted(
        evaluated.items(), key=lambda item: item[0]
    ):
        view = _evaluated_view(result, root)
        if view is not None:
            title = f"{BUILDERS[dataset].title}: {split} classes"
            sheets[title] = contact_sheet(ImageView(view.stores), 16, 8)
    return sheets


def _histories(folders: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """Learning curves of the training runs in or below the folders, by the name of their folder."""
    histories: dict[str, list[dict[str, Any]]] = {}
    for path in sorted({path for folder in folders for path in folder.rglob(LOG)}):
        stem = (
            re.sub(r"[^a-z0-9]+", "-", path.parent.name.lower()).strip("-")[:60]
            or "run"
        )
        names = (stem if k == 1 else f"{stem}-{k}" for k in count(1))
        histories[next(name for name in names if name not in histories)] = read_history(
            path
        )
    return histories


@dataclass(frozen=True, config=ConfigDict(extra="ignore", strict=True))
class _Step:
    """What a learning curve needs of a row of the log; `inf` and NaN are lost steps of a run that
    diverged, and are not drawn."""

    step: Annotated[int, Field(ge=0, le=10**12)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    loss: float | None = None
    val_accuracy: Annotated[float, Field(ge=0, le=1)] | None = None


@dataclass(frozen=True, config=ConfigDict(extra="ignore"))
class _Log:
    history: list[_Step]


def read_history(path: Path) -> list[dict[str, Any]]:
    """The rows of a training run's log. Raises DataError when the file is no such log."""
    try:
        log = TypeAdapter(_Log).validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(
            f"{path}: not the log of a training run ({explain(error)}). Expected the file that "
            f"`fewbench train` wrote; move this one to another folder."
        ) from error
    return [asdict(step) for step in log.history]

"""Report folders of results and training runs. Imports no torch: a report needs no model."""

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import BUILDERS
from ..datasets.build import data_root, open_split
from ..datasets.contact_sheet import contact_sheet
from ..datasets.info import DataError
from ..datasets.names import pick
from ..datasets.view import ImageView
from ..reports.records import RunResult
from ..reports.result_files import RESULT_PATTERN, load_results
from .published import published_numbers

LOG = "train.json"  # of a training run; as baselines.training has it
SAMPLES = 5  # images of each of the hardest classes


def report_folders(folders: Sequence[Path], out: Path, root: Path | None) -> list[Path]:
    """Report every result found in or below the folders, with learning curves, samples and
    published numbers beside."""
    from ..reports.report import write_report  # it brings matplotlib

    found = sorted({path for folder in folders for path in folder.rglob(RESULT_PATTERN)})
    results, place = load_results(found or folders), data_root(root)
    return write_report(
        results,
        out,
        _samples(results, place),
        _histories(folders),
        class_samples=partial(class_samples, place),
        published=published_numbers(),
    )


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
        view = ImageView([open_split(info, root, protocol.split)], rotations=protocol.rotations)
    except DataError:
        return None
    return view if view.fingerprint == result.data_fingerprint else None


def _samples(results: Sequence[RunResult], root: Path) -> dict[str, bytes]:
    """Contact sheets of the evaluated splits."""
    evaluated: dict[tuple[str, str, str], RunResult] = {}
    for result in results:
        protocol = result.protocol
        evaluated.setdefault((protocol.dataset, protocol.split, result.data_fingerprint), result)
    sheets = {}
    for (dataset, split, _), result in sorted(evaluated.items(), key=lambda item: item[0]):
        view = _evaluated_view(result, root)
        if view is not None:
            title = f"{BUILDERS[dataset].title}: {split} classes"
            sheets[title] = contact_sheet(ImageView(view.stores), 16, 8)
    return sheets


def _histories(folders: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """Learning curves of the training runs in or below the folders, by the name of their folder."""
    histories: dict[str, list[dict[str, Any]]] = {}
    for path in sorted({path for folder in folders for path in folder.rglob(LOG)}):
        name = re.sub(r"[^a-z0-9]+", "-", path.parent.name.lower()).strip("-") or "run"
        if name in histories:
            name = f"{name}-{len(histories) + 1}"
        histories[name] = _history(path)
    return histories


def _history(path: Path) -> list[dict[str, Any]]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["history"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not the log of a training run ({error!r}). Move it to another folder."
        ) from error

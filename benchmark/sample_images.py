"""Find sample images of each split and of the hardest classes, for a report."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..datasets.catalogue import find_dataset
from ..datasets.info import DataError
from ..datasets.inspection.contact_sheet import contact_sheet
from ..datasets.root import open_split
from ..datasets.view import ImageView
from ..reports.records import RunResult

IMAGES_PER_CLASS = 5


def class_samples(
    root: Path, result: RunResult, class_names: Sequence[str]
) -> dict[str, list[np.ndarray]]:
    """Return the first images of some classes on which a result was scored.

    class name -> images uint8 (H, W, C). The dict is empty if the dataset is not built in
    `root`, or if the result was scored on another build.
    """
    view = evaluated_view(result, root)
    if view is None:
        return {}
    samples = {}
    indices = {name: index for index, name in enumerate(view.class_names)}
    for name in class_names:
        if name in indices:
            images = view.class_images(indices[name])
            first = images[:IMAGES_PER_CLASS]
            samples[name] = list(view.images(first))
    return samples


def split_sheets(results: Sequence[RunResult], root: Path) -> dict[str, bytes]:
    """Return one PNG with sample images for each split that results were scored on.

    Returns caption -> PNG bytes. A split is left out if the dataset is not built in
    `root`, or if the results were scored on another build.
    """
    evaluated: dict[tuple[str, str, str], RunResult] = {}
    for result in results:
        protocol = result.protocol
        fingerprint = result.data_fingerprint
        key = (protocol.dataset, protocol.split, fingerprint)
        evaluated.setdefault(key, result)
    sheets = {}
    for key in sorted(evaluated):
        dataset, split, _ = key
        view = evaluated_view(evaluated[key], root)
        if view is None:
            continue
        title = find_dataset(dataset, root).title
        unrotated = ImageView(view.stores)
        sheets[f"{title}: {split} classes"] = contact_sheet(unrotated, 16, 8)
    return sheets


def evaluated_view(result: RunResult, root: Path) -> ImageView | None:
    """Return the images that a result was scored on.

    Return None if the dataset is not built in `root`, or if the result was scored on
    another build.
    """
    protocol = result.protocol
    try:
        info = find_dataset(protocol.dataset, root)
        store = open_split(info, root, protocol.split)
        view = ImageView([store], rotations=protocol.rotations)
    except DataError:
        return None
    if view.fingerprint != result.data_fingerprint:
        return None
    return view

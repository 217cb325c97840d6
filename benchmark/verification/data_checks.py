"""Check the classes and the images of a result against what is known of its dataset."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from ...datasets import BUILDERS
from ...datasets.catalogue import dataset_of_fewbench
from ...datasets.info import DatasetInfo
from ...datasets.view import ROTATIONS
from ...reports.data_standing import data_note
from ...reports.protocol import EvalProtocol
from ...reports.records import DataStanding, RunResult
from .checks import Check, failed, not_possible, passed

_IMAGES = "the images"
_SIZE = "the size of the split"
CLASS_NAMES = "the names of the classes"


def data_standing(protocol: EvalProtocol, data_fingerprint: str) -> DataStanding:
    """Tell whether images are those of the reference build of a protocol's split.

    data_fingerprint: the content hash of the images
    """
    info = dataset_of_fewbench(protocol.dataset)
    if info is None:
        return "own"
    reference = info.reference_sha256.get(protocol.split)
    if reference is None:
        return "no reference"
    return "reference" if data_fingerprint == reference else "other"


def check_data(result: RunResult) -> list[Check]:
    """Check the content hash, the size and the class names of a result's split.

    result: with its `data_standing`
    """
    protocol = result.protocol
    info = dataset_of_fewbench(protocol.dataset)
    if info is None:
        reason = f"{protocol.dataset} is not a dataset of fewbench, but own images"
        return [not_possible(what, reason) for what in (_IMAGES, _SIZE, CLASS_NAMES)]
    if protocol.split not in info.splits:
        splits = " or ".join(info.splits)
        return [failed("the split", splits, protocol.split)]
    return [
        _check_images(result),
        _check_size(result, info),
        _check_names(result, info),
    ]


def _check_images(result: RunResult) -> Check:
    own = (result.protocol.dataset, result.protocol.split)
    owner = _owners().get(result.data_fingerprint, own)
    if owner != own:
        return failed(_IMAGES, f"those of {_split(own)}", f"those of {_split(owner)}")
    if result.data_standing == "reference":
        return passed(_IMAGES, "their content hash is that of the reference build")
    return not_possible(_IMAGES, data_note(result))


def _check_size(result: RunResult, info: DatasetInfo) -> Check:
    if result.partial:
        return not_possible(_SIZE, "the result says that data were missing")
    split = result.protocol.split
    counts = info.splits[split]
    sizes = result.class_sizes[: _n_upright(result)]
    n_images = int(sizes.sum(dtype=np.int64))
    expected = f"{counts.n_classes:,} classes with {counts.n_images:,} images"
    if (len(sizes), n_images) == (counts.n_classes, counts.n_images):
        return passed(_SIZE, expected)
    got = f"{len(sizes):,} classes with {n_images:,} images"
    return failed(_SIZE, f"{expected} in {_split((info.name, split))}", got)


def _check_names(result: RunResult, info: DatasetInfo) -> Check:
    upright = _upright_names(result)
    if upright is None:
        return failed(
            CLASS_NAMES, "the names of each rotation of the same classes", "others"
        )
    if len(set(upright)) < len(upright):
        return failed(CLASS_NAMES, "a name for each class", "a name twice")
    split_of = _published_classes(info.name)
    if not split_of:
        return not_possible(
            CLASS_NAMES, f"{info.name} has no published list of classes"
        )
    splits = {split_of.get(name) for name in upright}
    if None in splits:
        return not_possible(
            CLASS_NAMES, "some are not in the published list of classes"
        )
    split = result.protocol.split
    if splits != {split}:
        others = ", ".join(sorted(str(other) for other in splits if other != split))
        return failed(
            CLASS_NAMES, f"classes of {_split((info.name, split))}", f"some of {others}"
        )
    return passed(CLASS_NAMES, "they are in the published list of this split")


def _upright_names(result: RunResult) -> list[str] | None:
    """Return the names of the classes that are not rotated.

    None if the names of the rotated classes are not those of the upright ones.
    """
    names = result.class_names.tolist()
    if not result.protocol.rotations:
        return names
    upright = [name.removesuffix("/rot000") for name in names[: _n_upright(result)]]
    expected: list[str] = []
    for angle in ROTATIONS:
        expected += [f"{name}/rot{angle:03d}" for name in upright]
    return upright if names == expected else None


def _n_upright(result: RunResult) -> int:
    n_classes = len(result.class_names)
    return n_classes // len(ROTATIONS) if result.protocol.rotations else n_classes


def _split(of: tuple[str, str]) -> str:
    dataset, split = of
    return f"the split {split} of {dataset}"


@cache
def _owners() -> Mapping[str, tuple[str, str]]:
    """Return the dataset and the split of each content hash that is known."""
    owners: dict[str, tuple[str, str]] = {}
    for info in BUILDERS.values():
        for split, sha256 in info.reference_sha256.items():
            owners[sha256] = (info.name, split)
    return owners


@cache
def _published_classes(dataset: str) -> Mapping[str, str]:
    info = dataset_of_fewbench(dataset)
    if info is None or info.class_list is None:
        return {}
    return info.class_list()

"""TODO docstring of fewbench.datasets.root."""

import os
import random
from pathlib import Path
from typing import Any

import platformdirs

from .build import build
from .info import DataError, DatasetInfo
from .store.manifest import read_manifest
from .store.split_store import SplitStore

_QUICK_CLASSES = 8


def data_root(root: str | Path | None = None) -> Path:
    """Where builds live: `root`, else $FEWBENCH_DATA, else the user's data folder."""
    if root is not None:
        return Path(root).expanduser()
    from_environment = os.environ.get("FEWBENCH_DATA")
    if from_environment:
        return Path(from_environment).expanduser()
    return platformdirs.user_data_path("fewbench")


def open_split(info: DatasetInfo, root: Path, split: str) -> SplitStore:
    """The store of one split; an embedded dataset is built on first use.

    Raises DataError naming the command that builds it, or the splits there are.
    """
    if split not in info.splits:
        raise DataError(
            f"{info.name} has no split '{split}'. It has: {', '.join(info.splits)}."
        )
    _present(info, root)
    return SplitStore(root / info.name / f"{split}.h5")


def built_splits(info: DatasetInfo, root: Path) -> dict[str, SplitStore]:
    """The stores of a build by split: those that are there, of a partial one. See `open_split`."""
    there = _present(info, root)["splits"]
    return {
        split: open_split(info, root, split) for split in info.splits if split in there
    }


def _present(info: DatasetInfo, root: Path) -> dict[str, Any]:
    """The manifest of a build that can be used."""
    manifest = read_manifest(root / info.name)
    if manifest is None and not info.embedded:
        raise DataError(
            f"{info.name} is not built in {root}. Build it: fewbench data build {info.name}"
            f" --source PATH (or without --source, to download it)"
        )
    return manifest or build(info, root).manifest


def verify(info: DatasetInfo, root: Path, *, quick: bool = False) -> dict[str, str]:
    """Read every byte of a build again: split -> content sha256.

    quick: structure, names and the images of a few classes of each split, chosen at random
    Raises DataError naming the first file that is missing, damaged or not the manifest's.
    """
    fingerprints, manifest = {}, _present(info, root)
    for split, store in built_splits(info, root).items():
        recorded = manifest["splits"][split]
        if quick:
            n_classes = len(store.class_names)
            store.verify_classes(
                random.sample(range(n_classes), min(n_classes, _QUICK_CLASSES))
            )
        else:
            store.verify()
        if (store.fingerprint, len(store)) != (
            recorded["content_sha256"],
            recorded["n_images"],
        ):
            raise DataError(
                f"{store.path}: content sha256 {store.fingerprint} is not the manifest's "
                f"{recorded['content_sha256']}. Build again with --rebuild."
            )
        fingerprints[split] = store.fingerprint
    return fingerprints

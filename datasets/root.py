"""Where builds are kept, and how to open and verify the splits of a build."""

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
    """The folder of all builds: `root`, else $FEWBENCH_DATA, else the user's data folder."""
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
        known = ", ".join(info.splits)
        raise DataError(f"{info.name} has no split '{split}'. It has: {known}.")
    _find_manifest(info, root)
    folder = root / info.name
    return SplitStore(folder / f"{split}.h5")


def built_splits(info: DatasetInfo, root: Path) -> dict[str, SplitStore]:
    """The stores of a build by split; a partial build may lack some. See `open_split`."""
    built = _find_manifest(info, root)["splits"]
    stores: dict[str, SplitStore] = {}
    for split in info.splits:
        if split in built:
            stores[split] = open_split(info, root, split)
    return stores


def verify(info: DatasetInfo, root: Path, *, quick: bool = False) -> dict[str, str]:
    """Read every byte of a build again: split -> content sha256.

    quick: structure, names, and the images of a few random classes of each split
    Raises DataError naming the first file that is missing, damaged or not the manifest's.
    """
    manifest = _find_manifest(info, root)
    stores = built_splits(info, root)
    fingerprints: dict[str, str] = {}
    for split, store in stores.items():
        if quick:
            _verify_some_classes(store)
        else:
            store.verify()
        recorded = manifest["splits"][split]
        _compare_with_manifest(store, recorded)
        fingerprints[split] = store.fingerprint
    return fingerprints


def _find_manifest(info: DatasetInfo, root: Path) -> dict[str, Any]:
    """The manifest of a build that can be used."""
    manifest = read_manifest(root / info.name)
    if manifest is not None:
        return manifest
    if info.embedded:
        return build(info, root).manifest
    command = f"fewbench data build {info.name}"
    raise DataError(
        f"{info.name} is not built in {root}. Download and build it: {command}; or build "
        f"it from files that you have: {command} --source PATH"
    )


def _verify_some_classes(store: SplitStore) -> None:
    classes = range(len(store.class_names))
    n_chosen = min(len(classes), _QUICK_CLASSES)
    chosen = random.sample(classes, n_chosen)
    store.verify_classes(chosen)


def _compare_with_manifest(store: SplitStore, recorded: dict[str, Any]) -> None:
    has_same_content = store.fingerprint == recorded["content_sha256"]
    has_same_length = len(store) == recorded["n_images"]
    if has_same_content and has_same_length:
        return
    raise DataError(
        f"{store.path}: content does not match manifest.json: expected sha256 "
        f"{recorded['content_sha256']} and {recorded['n_images']} images, got "
        f"{store.fingerprint} and {len(store)}. Build it again: "
        f"fewbench data build {store.dataset} --rebuild"
    )

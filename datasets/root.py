"""Find the folder of all builds, and open and verify the splits of a build."""

import os
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import platformdirs

from fewbench.documents import shown
from fewbench.files import home_path

from .build import build
from .info import DataError, DatasetInfo
from .store.advice import build_again
from .store.manifest import MANIFEST, read_manifest
from .store.split_store import SplitStore

_QUICK_CLASSES = 8


def data_root(root: str | Path | None = None) -> Path:
    """Return the folder of all builds.

    This is `root`, or else $FEWBENCH_DATA, or else the user's data folder.
    Raises UserError if the path begins with the name of an unknown user, as ~nobody/x.
    """
    if root is not None:
        return home_path(root, "--root")
    from_environment = os.environ.get("FEWBENCH_DATA")
    if from_environment:
        return home_path(from_environment, "FEWBENCH_DATA")
    return platformdirs.user_data_path("fewbench")


def open_split(info: DatasetInfo, root: Path, split: str) -> SplitStore:
    """Open a split of a built dataset.

    An embedded dataset (its pixels come with fewbench) is built on first use.
    Raises DataError if the split is unknown, if the dataset is not built, or if the
    file is missing or damaged.
    """
    if split not in info.splits:
        known = ", ".join(info.splits)
        raise DataError(f"{info.name} has no split '{split}'. It has: {known}.")
    _find_manifest(info, root)
    store = SplitStore(root / info.name / f"{split}.h5")
    if store.split != split:
        raise DataError(
            f"{store.path}: holds another split: expected {split}, got "
            f"{shown(store.split)}. {build_again(store.path)}"
        )
    return store


def built_splits(info: DatasetInfo, root: Path) -> dict[str, SplitStore]:
    """Open all splits of a build: split name -> store.

    A partial build may lack some splits. Raises DataError as `open_split` does.
    """
    built = _find_manifest(info, root)["splits"]
    stores: dict[str, SplitStore] = {}
    for split in info.splits:
        if split in built:
            stores[split] = open_split(info, root, split)
    return stores


def verify(info: DatasetInfo, root: Path, *, quick: bool = False) -> dict[str, str]:
    """Read a build again and check its hashes. Return split name -> content sha256.

    quick: whether to check only the structure, and the names and images of at most 8
        random classes in each split
    Raises DataError if a file is missing, damaged or differs from manifest.json.
    """
    manifest = _find_manifest(info, root)
    _refuse_missing_splits(info, root / info.name, manifest)
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
    """Return the content of a build's manifest.json. Build an embedded dataset first.

    Raises DataError if the dataset is not built.
    """
    manifest = read_manifest(root / info.name)
    if manifest is not None:
        return manifest
    if info.embedded:
        return build(info, root).manifest
    command = f"fewbench data build {info.name}"
    raise DataError(
        f"{info.name} is not built in {root}. To download and build it: {command}; or, "
        f"to build it from files that you have: {command} --source PATH"
    )


def _refuse_missing_splits(
    info: DatasetInfo, folder: Path, manifest: dict[str, Any]
) -> None:
    """Raise DataError if the manifest does not list a split that was built.

    The splits of an incomplete source are those whose files are there.
    """
    expected = {path.stem for path in folder.glob("*.h5")}
    if not manifest["partial"]:
        expected |= set(info.splits)
    listed = set(manifest["splits"])
    if not expected <= listed:
        path = folder / MANIFEST
        raise DataError(
            f"{path}: does not list every split: expected {_in_words(expected)}, got "
            f"{_in_words(listed)}. {build_again(path)}"
        )


def _in_words(names: Iterable[str]) -> str:
    return ", ".join(map(shown, sorted(names)))


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
        f"{store.path}: the content does not match manifest.json: expected sha256 "
        f"{recorded['content_sha256']} and {recorded['n_images']} images, got sha256 "
        f"{store.fingerprint} and {len(store)} images. "
        f"{build_again(store.path)}"
    )

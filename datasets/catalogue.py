"""Which datasets are there: those of fewbench, and those that a user added."""

from collections.abc import Iterator
from pathlib import Path

from . import BUILDERS
from .added.record import read_added
from .info import DataError, DatasetInfo
from .lookup import pick


def all_datasets(root: Path) -> dict[str, DatasetInfo]:
    """Return all datasets by name: those of fewbench, and those that were added in `root`.

    An added dataset whose manifest is damaged is left out.
    """
    return {**BUILDERS, **added_datasets(root)}


def added_datasets(root: Path) -> dict[str, DatasetInfo]:
    """Return the datasets that were added in `root`, by name."""
    return {info.name: info for info in _added(root)}


def find_dataset(name: str, root: Path) -> DatasetInfo:
    """Return the dataset of this name.

    root: the folder with the built datasets, and so with the added ones
    Raises DataError if the name is unknown, or if the manifest of an added dataset is
    damaged. The error suggests similar names.
    """
    if name not in BUILDERS and _is_folder_name(name):
        added = read_added(root / name)
        if added is not None:
            return added
    return pick("dataset", name, all_datasets(root), see="fewbench data list")


def _is_folder_name(name: str) -> bool:
    return Path(name).name == name


def _added(root: Path) -> Iterator[DatasetInfo]:
    if not root.is_dir():
        return
    for folder in sorted(root.iterdir()):
        # A folder in the middle of a build, or put aside, has another name.
        if folder.name in BUILDERS or folder.name.endswith(".partial"):
            continue
        try:
            added = read_added(folder)
        except DataError:
            continue
        if added is not None:
            yield added

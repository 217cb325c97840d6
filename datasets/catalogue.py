"""Which datasets are there: those of fewbench at any size, and those that a user added."""

from collections.abc import Iterator
from pathlib import Path

from . import BUILDERS
from .added.record import read_added
from .info import DataError, DatasetInfo
from .lookup import pick
from .sizes import at_size, split_name
from .store.manifest import MANIFEST


def all_datasets(root: Path) -> dict[str, DatasetInfo]:
    """Return all datasets by name: those of fewbench, and those that were added in `root`.

    Of the sizes that a dataset of fewbench can be built in, the usual one and those that
    are built in `root` are there. An added dataset whose manifest is damaged is left out.
    """
    return {**BUILDERS, **_built_at_other_sizes(root), **added_datasets(root)}


def dataset_of_fewbench(name: str) -> DatasetInfo | None:
    """Return the dataset of fewbench with this name, at the size that the name says.

    Return None if there is none: the name may be that of a user's own images.
    """
    try:
        return _of_fewbench(name)
    except DataError:
        return None


def added_datasets(root: Path) -> dict[str, DatasetInfo]:
    """Return the datasets that were added in `root`, by name."""
    return {info.name: info for info in _added(root)}


def find_dataset(name: str, root: Path) -> DatasetInfo:
    """Return the dataset of this name.

    root: the folder with the built datasets, and so with the added ones
    Raises DataError if the name is unknown, if the dataset cannot be built at the size
    in its name, or if the manifest of an added dataset is damaged. The error for an
    unknown name suggests similar names.
    """
    info = _of_fewbench(name)
    if info is not None:
        return info
    if _is_folder_name(name):
        added = read_added(root / name)
        if added is not None:
            return added
    return pick("dataset", name, all_datasets(root), see="fewbench data list")


def _of_fewbench(name: str) -> DatasetInfo | None:
    """Return the dataset of fewbench with this name, or None.

    Raises DataError if the name says a size in which the dataset cannot be built.
    """
    plain, side = split_name(name)
    info = BUILDERS.get(plain)
    if info is None or side is None:
        return info
    if side == info.image_shape[0]:
        raise DataError(
            f"{name}: is not the name of a dataset: expected a name without a size, since "
            f"{side} x {side} pixels is the usual size. Its name is {plain}"
        )
    return at_size(info, side)


def _is_folder_name(name: str) -> bool:
    return Path(name).name == name


def _built_at_other_sizes(root: Path) -> dict[str, DatasetInfo]:
    """Return the datasets of fewbench that are built in `root` at another size, by name."""
    found: dict[str, DatasetInfo] = {}
    for manifest in sorted(root.glob(f"*@*/{MANIFEST}")):
        name = manifest.parent.name
        info = dataset_of_fewbench(name)
        if info is not None:
            found[name] = info
    return found


def _added(root: Path) -> Iterator[DatasetInfo]:
    if not root.is_dir():
        return
    for folder in sorted(root.iterdir()):
        # A folder in the middle of a build, or put aside, has another name.
        if folder.name.endswith(".partial") or dataset_of_fewbench(folder.name):
            continue
        try:
            added = read_added(folder)
        except DataError:
            continue
        if added is not None:
            yield added

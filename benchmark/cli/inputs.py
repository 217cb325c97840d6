"""Find the datasets and load the results that are named in a command's arguments."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fewbench.errors import UserError
from fewbench.locks import only_writer_of

if TYPE_CHECKING:
    from ...datasets.info import DatasetInfo
    from ...reports.records import RunResult


def find_dataset(
    name: str,
    root: Path | None = None,
    resampling: str | None = None,
    size: int | None = None,
) -> "DatasetInfo":
    """Return a dataset, or its variant with another resizing filter or another size.

    name: the name of the dataset, without the filter, with or without the size
    root: the value of --root, where datasets of own images are found
    resampling: the name of the filter; None for the filter of the dataset `name`
    size: the height and width of the images; None for the size of the dataset `name`
    Raises DataError if the dataset or the filter is unknown, if the dataset has no
    images to make this size from, or if name and size contradict each other. The error
    for an unknown name suggests similar names.
    """
    from ...datasets import BUILDERS
    from ...datasets.catalogue import find_dataset as find
    from ...datasets.lookup import pick
    from ...datasets.root import data_root
    from ...datasets.sizes import at_size, split_name, wanted_size

    side = wanted_size(name, size)
    info = find(name, data_root(root))
    if resampling is not None and resampling != info.resampling:
        plain, _ = split_name(name)
        by_filter = {info.resampling: info}
        for other in BUILDERS.values():
            if other.variant_of == plain:
                by_filter[other.resampling] = other
        info = pick(f"resampling of {plain}", resampling, by_filter)
    if side is None:
        return info
    return at_size(info, side)


def require_folder_of(file: Path) -> None:
    """Raise UserError if the folder for a file to write is not there.

    A folder with a wrong name is probably a slip, so it is not made silently.
    """
    if not file.parent.is_dir():
        raise UserError(
            f"{file}: cannot write the file: expected the folder {file.parent}, got no "
            f"such folder. Make it: mkdir -p {shlex.quote(str(file.parent))}"
        )


def require_new_file(file: Path, overwrite: bool = False) -> None:
    """Raise UserError if a file to write is there already, or if its folder is not.

    overwrite: whether to replace a file that is there
    """
    if file.is_dir():
        raise UserError(
            f"{file}: expected a file to write, got a folder. Name a file in it: --out "
            f"{shlex.quote(str(file / 'FILE'))}"
        )
    if file.exists() and not overwrite:
        raise UserError(
            f"{file}: exists already. Choose another file with --out, or add "
            f"--overwrite to replace it"
        )
    require_folder_of(file)


@contextmanager
def new_file(file: Path, overwrite: bool = False) -> Iterator[None]:
    """Write a file in the `with` block, as its only writer.

    Raises UserError as `require_new_file` does: another process may have written it since
    the command began.
    Raises Busy if another process is writing it.
    """
    with only_writer_of(file):
        require_new_file(file, overwrite)
        yield


def load_in_order(paths: Sequence[Path]) -> "list[RunResult]":
    """Load results in the order of the paths, each result once.

    The results of a folder are sorted by file name.

    paths: as in `find_documents`
    Raises UserError if a path is given twice.
    Raises ResultError if a path has no result, or if a result is damaged.
    """
    return [result for _, result in load_with_files(paths)]


def load_with_files(paths: Sequence[Path]) -> "list[tuple[Path, RunResult]]":
    """Do the same as `load_in_order`. Return each result with the path of its document."""
    from ...reports.result_files import find_documents
    from ..verification.load import load_with_paths

    results: list[tuple[Path, RunResult]] = []
    seen: set[Path] = set()
    loaded: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise UserError(
                f"{path}: this path is given twice. Expected different results. Omit "
                f"one of the two paths"
            )
        seen.add(path.resolve())
        documents = {one.resolve(): one for one in find_documents([path])}
        new = documents.keys() - loaded
        results += load_with_paths(documents[one] for one in new)
        loaded |= new
    return results


def load_one(path: Path) -> "RunResult":
    """Load the only result at a path, which is a .json file or a folder.

    Raises UserError if the folder has several results.
    Raises ResultError if the path has no result, or if the result is damaged.
    """
    results = load_in_order([path])
    if len(results) != 1:
        raise UserError(
            f"{path}: expected one result, got {len(results)} results. Type the path "
            f"of one of the .json files in this folder"
        )
    return results[0]

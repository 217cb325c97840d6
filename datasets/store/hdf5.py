"""Open and read HDF5 files safely, even if they are damaged or hostile."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from fewbench.documents import shown
from fewbench.files import file_identity

from ..info import DataError
from .advice import build_again


@contextmanager
def open_for_writing(path: Path, mode: str) -> Iterator[h5py.File]:
    """Yield an HDF5 file that is open for writing.

    mode: "w" for a new file, "r+" for an existing file
    Raises OSError with the reason of the operating system if opening or writing fails.
    """
    try:
        with h5py.File(path, mode) as file:
            yield file
    except (OSError, RuntimeError) as error:
        text = str(error)
        reason = re.search(r"error message = '([^']*)'", text)
        if reason is not None:
            text = reason[1]
        raise OSError(text) from error


def was_replaced(path: Path) -> DataError:
    """Return the error for a split file that is another one than before."""
    return DataError(
        f"{path}: was replaced or changed: expected the file that was opened first, got "
        f"another file or none. Run the command again."
    )


@contextmanager
def open_for_reading(path: Path) -> Iterator[h5py.File]:
    """Yield a split file that is open for reading.

    Raises DataError if the file is missing or damaged. Every exception of the `with`
    block counts as damage, because h5py raises exceptions of many types for damaged
    files.
    """
    if not path.is_file():
        raise DataError(
            f"{path}: no such split file: expected the .h5 file of a finished build, "
            f"got none. To list all builds, type: fewbench data list"
        )
    before = file_identity(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except DataError:
        raise
    except Exception as error:
        stopped = error.__cause__
        if isinstance(stopped, KeyboardInterrupt):
            # The user's signal came while h5py released its lock.
            raise stopped from None
        if file_identity(path) != before:
            raise was_replaced(path) from error
        # On damaged bytes h5py raises nearly everything: OSError, KeyError,
        # UnicodeDecodeError and others.
        reason = shown(str(error), 300)
        raise DataError(
            f"{path}: cannot be read as HDF5: expected an intact split file, got a "
            f"damaged file or a file of another kind ({reason}). {build_again(path)}"
        ) from error


def fixed_length(values: Sequence[str]) -> np.ndarray:
    """Return texts as an array in which every text takes the same number of bytes.

    HDF5 keeps text of varying length in a heap. Reading a damaged heap can hang.
    """
    encoded: list[bytes] = []
    longest = 1
    for value in values:
        text = value.encode("utf-8", "surrogateescape")
        encoded.append(text)
        longest = max(longest, len(text))
    return np.array(encoded, h5py.string_dtype("utf-8", longest))


def own_dataset(
    path: Path,
    group: h5py.Group,
    name: str,
    *,
    advice: str,
) -> h5py.Dataset:
    """Return the HDF5 dataset called `name`, whose values must be inside this file.

    advice: the last sentence of the error message, which says what to do
    Raises DataError if the dataset is missing, a link, or stored in another file.
    """
    link = group.get(name, getlink=True)
    found = group[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise DataError(
            f"{path}: '{shown(name)}' is missing or stored outside the file: expected "
            f"an HDF5 dataset with its values in this file. {advice}"
        )
    return found


def read_values(path: Path, file: h5py.File, name: str) -> np.ndarray:
    """Read all values of the HDF5 dataset called `name` from a split file.

    Raises DataError if `own_dataset` or `refuse_heap` refuses it.
    """
    advice = build_again(path)
    found = own_dataset(path, file, name, advice=advice)
    refuse_heap(path, name, found.dtype)
    return found[:]


def read_names(path: Path, file: h5py.File, name: str) -> tuple[str, ...]:
    """Read texts that were written as a `fixed_length` array.

    Raises DataError if `read_values` does.
    """
    names: list[str] = []
    encoded = read_values(path, file, name)
    for one in encoded.tolist():
        text = one.decode("utf-8", "surrogateescape")
        names.append(text)
    return tuple(names)


def refuse_heap(path: Path, name: str, dtype: np.dtype) -> None:
    """Raise DataError if values have a type of varying length.

    HDF5 keeps such values in a heap. Reading a damaged heap can hang.
    name: the name of the HDF5 dataset or attribute, for the message
    """
    if dtype.hasobject:
        raise DataError(
            f"{path}: '{name}' has values of varying length: expected a fixed length. "
            f"The file is damaged, or an older fewbench wrote it. {build_again(path)}"
        )

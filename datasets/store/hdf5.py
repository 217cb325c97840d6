"""Opens HDF5 files and reads from them without trusting what they say."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from ..info import DataError
from ..lookup import shown
from .advice import build_again


@contextmanager
def open_for_writing(path: Path, mode: str) -> Iterator[h5py.File]:
    """An HDF5 file to write to. Raises OSError with the system's reason in it.

    mode: "w" for a new file, "r+" for one that exists
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


@contextmanager
def open_for_reading(path: Path) -> Iterator[h5py.File]:
    """A split file to read from. Raises DataError when it is missing or damaged."""
    if not path.is_file():
        raise DataError(
            f"{path}: no such split file: expected a file of a finished build, got none. "
            f"List builds: fewbench data list"
        )
    try:
        with h5py.File(path, "r") as file:
            yield file
    except DataError:
        raise
    except Exception as error:
        # On damaged bytes h5py raises nearly everything: OSError, KeyError,
        # UnicodeDecodeError and others.
        reason = shown(str(error), 300)
        raise DataError(
            f"{path}: cannot be read as HDF5: expected an intact split file, got a damaged "
            f"file or one of another kind ({reason}). {build_again(path)}"
        ) from error


def fixed_length(values: Sequence[str]) -> np.ndarray:
    """Text as an array in which every value takes the same number of bytes.

    HDF5 puts text of varying length on a heap. Reading a damaged heap can hang.
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
    """The dataset called `name`, whose values must lie in this very file.

    advice: the sentence that ends the error
    Raises DataError when the dataset is missing, a link, or stored in another file.
    """
    link = group.get(name, getlink=True)
    found = group[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise DataError(
            f"{path}: '{shown(name)}' is missing or stored outside the file: expected its "
            f"values in the file itself. {advice}"
        )
    return found


def read_values(path: Path, file: h5py.File, name: str) -> np.ndarray:
    """All values of a dataset of a split file. Raises DataError when there are none."""
    advice = build_again(path)
    found = own_dataset(path, file, name, advice=advice)
    refuse_heap(path, name, found.dtype)
    return found[:]


def read_names(path: Path, file: h5py.File, name: str) -> tuple[str, ...]:
    """The text that `fixed_length` made. Raises DataError when there is none."""
    names: list[str] = []
    encoded = read_values(path, file, name)
    for one in encoded.tolist():
        text = one.decode("utf-8", "surrogateescape")
        names.append(text)
    return tuple(names)


def refuse_heap(path: Path, name: str, dtype: np.dtype) -> None:
    """Raises DataError for values of varying length.

    HDF5 keeps them in a heap, and reading a damaged heap can hang.
    """
    if dtype.hasobject:
        raise DataError(
            f"{path}: '{name}' has values of different lengths: expected one length. The "
            f"file is damaged, or an older fewbench wrote it. {build_again(path)}"
        )

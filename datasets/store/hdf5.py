"""TODO docstring of fewbench.datasets.store.hdf5."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from ..info import DataError
from ..lookup import shown


@contextmanager
def open_for_writing(path: Path, mode: str) -> Iterator[h5py.File]:
    try:
        with h5py.File(path, mode) as file:
            yield file
    except (OSError, RuntimeError) as error:
        reason = re.search(r"error message = '([^']*)'", str(error))
        raise OSError(reason[1] if reason else str(error)) from error


@contextmanager
def open_for_reading(path: Path) -> Iterator[h5py.File]:
    if not path.is_file():
        raise DataError(
            f"{path}: there is no such split file. List builds: fewbench data list"
        )
    try:
        with h5py.File(path, "r") as file:
            yield file
    except DataError:
        raise
    except Exception as error:
        # On damaged bytes h5py raises nearly everything: OSError, KeyError, UnicodeDecodeError, ...
        raise DataError(
            f"{path}: cannot be read as HDF5 ({shown(str(error), 300)}); the file is damaged or of "
            f"another kind. Build it again with --rebuild."
        ) from error


def fixed_length(values: Sequence[str]) -> np.ndarray:
    """Strings in room of one length; in the heap, where HDF5 puts others, damage makes it hang."""
    encoded = [value.encode("utf-8", "surrogateescape") for value in values]
    longest = max(map(len, encoded), default=0) or 1
    return np.array(encoded, h5py.string_dtype("utf-8", longest))


def own_dataset(path: Path, file: h5py.Group, name: str) -> h5py.Dataset:
    """A dataset that lies in this very file; links and storage elsewhere are refused."""
    linked = not isinstance(file.get(name, getlink=True), h5py.HardLink)
    found = None if linked else file[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise DataError(
            f"{path}: '{shown(name)}' is missing or stored outside the file; refused."
        )
    return found


def read_values(path: Path, file: h5py.File, name: str) -> np.ndarray:
    found = own_dataset(path, file, name)
    refuse_heap(path, name, found.dtype)
    return found[:]


def read_names(path: Path, file: h5py.File, name: str) -> tuple[str, ...]:
    encoded = read_values(path, file, name).tolist()
    return tuple(one.decode("utf-8", "surrogateescape") for one in encoded)


def refuse_heap(path: Path, name: str, dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise DataError(
            f"{path}: '{name}' has values of different lengths, as an older fewbench wrote them or "
            f"damage makes them. Build it again with --rebuild."
        )

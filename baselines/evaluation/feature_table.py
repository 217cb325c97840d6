"""The features of many images: in memory, or in a temporary file if they are many.

The file has no name, so nothing is left of it when the process ends. The environment variable
TMPDIR names its folder. Otherwise it is /var/tmp, since some systems keep /tmp in memory.
"""

import tempfile
import weakref
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from fewbench.documents import shown
from fewbench.space import require_space, temporary_folder

from ...datasets.store.mapped_rows import MappedRows
from ..learner import BaselineError

# Features up to this size are kept in memory.
_MOST_BYTES_IN_MEMORY = 1 << 29


class FeatureTable(Protocol):
    """The features of some images: a row of d numbers for each."""

    @property
    def width(self) -> int:
        """The number of features of an image."""
        ...

    def write(
        self,
        first: int,
        features: Tensor,
    ) -> None:
        """Write the rows from row `first` on: (n, d)"""

    def at(self, rows: np.ndarray) -> Tensor:
        """Return the features at some rows: (*rows.shape, d)

        rows: int64, of any shape
        """
        ...


def is_large(n_rows: int, features: Tensor) -> bool:
    """Whether so many rows like these are too large for the memory.

    features: (n, d)
    """
    if features.device.type != "cpu":
        return False
    n_bytes = n_rows * bytes_of_row(features)
    return n_bytes > _MOST_BYTES_IN_MEMORY


def bytes_of_row(features: Tensor) -> int:
    """Return the size of a row of features: (n, d)"""
    width = features.shape[1]
    return width * features.element_size()


def new_table(n_rows: int, features: Tensor) -> FeatureTable:
    """Make an empty table for the features of so many images.

    features: (n, d) the features of some images
    Raises BaselineError if there is too little room for a temporary file.
    """
    if is_large(n_rows, features):
        return TableOnDisk(n_rows, features)
    return TableInMemory(n_rows, features)


class TableInMemory:
    """Features in the memory of the device that computed them."""

    def __init__(self, n_rows: int, features: Tensor) -> None:
        self.width = features.shape[1]
        self._rows = features.new_empty((n_rows, self.width))

    def write(
        self,
        first: int,
        features: Tensor,
    ) -> None:
        end = first + len(features)
        self._rows[first:end] = features

    def at(self, rows: np.ndarray) -> Tensor:
        flat = torch.from_numpy(rows.reshape(-1))
        flat = flat.to(self._rows.device)
        # Much faster than self._rows[flat] on a processor.
        features = self._rows.index_select(0, flat)
        return features.reshape(*rows.shape, self.width)


class TableOnDisk:
    """Features in a temporary file, byte by byte as they were computed."""

    def __init__(self, n_rows: int, features: Tensor) -> None:
        self.width = features.shape[1]
        self._dtype = features.dtype
        self._row_bytes = bytes_of_row(features)
        self._n_bytes = n_rows * self._row_bytes
        folder = temporary_folder()
        try:
            require_space(folder, self._n_bytes)
        except OSError as error:
            raise _no_room(self._n_bytes, error) from error
        self._file = tempfile.TemporaryFile(prefix="fewbench-", dir=folder)  # noqa: SIM115 - kept open
        weakref.finalize(self, self._file.close)
        self._file.truncate(self._n_bytes)
        shape = (n_rows, self._row_bytes)
        self._rows = MappedRows.of_file(self._file, np.uint8, shape, may_change=True)

    def write(
        self,
        first: int,
        features: Tensor,
    ) -> None:
        place = first * self._row_bytes
        self._file.seek(place)
        values = features.contiguous().view(torch.uint8)
        try:
            self._file.write(values.numpy().data)
            self._file.flush()
        except OSError as error:
            # Others may have filled the disk meanwhile.
            raise _no_room(self._n_bytes, error) from error

    def at(self, rows: np.ndarray) -> Tensor:
        flat = rows.reshape(-1)
        values = self._rows.at(flat)
        as_bytes = torch.from_numpy(values)
        features = as_bytes.view(self._dtype)
        return features.reshape(*rows.shape, self.width)


def _no_room(n_bytes: int, error: OSError) -> BaselineError:
    """Return the error for a temporary file that cannot be written."""
    folder = shown(temporary_folder(), 400)
    return BaselineError(
        f"cannot keep the features: expected {n_bytes / 1e9:.1f} GB for a temporary file in "
        f"{folder}, got: {error.strerror}. Name a folder with more space: export "
        f"TMPDIR=/path/to/folder"
    )

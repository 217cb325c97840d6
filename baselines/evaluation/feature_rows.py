"""The files of stored features: write them, and read their rows while they stay as they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from fewbench.documents import shown
from fewbench.files import file_identity, require_file

from ...datasets.store.mapped_rows import MappedRows
from ..learner import BaselineError

# The types in which features are stored: the letters of numpy, little-endian.
_TYPES = ("|u1", "<f2", "<f4", "<f8")


class FeaturePath:
    """Where features are stored. Their file must stay as it is from now on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity = file_identity(path)

    def open(self) -> IO[bytes]:
        """Open the file.

        Raises BaselineError if it has changed.
        """
        self.refuse_change()
        return self.path.open("rb")

    def refuse_change(self) -> None:
        """Raise BaselineError if the file has changed or is gone."""
        if file_identity(self.path) == self._identity:
            return
        raise BaselineError(
            f"{shown(self.path, 400)}: cannot trust the stored features: expected a file "
            f"that stays as it is, got one that changed while it was read. Type the same "
            f"command again"
        )


class FeatureRows(MappedRows):
    """The features of all images of a view, in their embedding order, from several arrays.

    parts: (n, d) each, of one type; they may be memory-mapped
    paths: where the memory-mapped parts are stored
    """

    def __init__(
        self,
        parts: Sequence[np.ndarray],
        paths: Sequence[FeaturePath] = (),
    ) -> None:
        openers = [path.open for path in paths]
        super().__init__(parts, openers)
        self._paths = tuple(paths)

    @property
    def width(self) -> int:
        """The number of features of an image."""
        return self._parts[0].shape[1]

    @classmethod
    def opened(cls, paths: Sequence[FeaturePath]) -> "FeatureRows":
        """Open files that `save_features` wrote. Their values are read when needed.

        Raises BaselineError if a file is missing or damaged, or has other features than
        the first one.
        """
        parts = [_mapped(one.path) for one in paths]
        first = parts[0]
        for one, part in zip(paths, parts, strict=True):
            expected = _kind_of(first)
            got = _kind_of(part)
            if got != expected:
                raise BaselineError(
                    f"{shown(one.path, 400)}: expected {expected}, as in "
                    f"{shown(paths[0].path, 400)}, got {got}. Delete the one that is wrong, "
                    f"then type the command again that made it"
                )
        return cls(parts, paths)

    def refuse_changes(self) -> None:
        """Raise BaselineError if a file has changed since its `FeaturePath` was made."""
        for path in self._paths:
            path.refuse_change()


def _kind_of(part: np.ndarray) -> str:
    width = part.shape[1]
    return f"{width} features of each image in {part.dtype}"


def save_features(path: Path, features: Sequence[Tensor]) -> Path:
    """Write features to an .npy file, whose bytes depend on nothing else. Return its path.

    features: (n, d) each, of one type
    Raises OSError if the file cannot be written.
    """
    parts = list(features)
    joined = torch.cat(parts).cpu()
    if joined.dtype == torch.bfloat16:
        # numpy lacks this type. No digit is lost.
        joined = joined.float()
    values = joined.contiguous().numpy()
    with path.open("wb") as file:
        np.lib.format.write_array(file, values, version=(1, 0))
    return path


def _mapped(path: Path) -> np.ndarray:
    """Open an .npy file without reading its values.

    Raises BaselineError if it is missing or damaged, or holds no features.
    """
    try:
        require_file(path)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        # A damaged header can make numpy raise anything.
        got = shown(error, 200)
        if isinstance(error, FileNotFoundError):
            got = "no such file"
        raise _no_features(path, got) from error
    is_array = isinstance(array, np.ndarray)
    if not is_array or array.ndim != 2 or not array.size:
        raise _no_features(path, "something else")
    if array.dtype.str not in _TYPES:
        raise _no_features(path, f"values of the type {array.dtype}")
    return array


def _no_features(path: Path, got: str) -> BaselineError:
    return BaselineError(
        f"{shown(path, 400)}: cannot read the features: expected an .npy file (n, d) that "
        f"fewbench wrote, got {got}. Delete this file, then type the command again that "
        f"made it"
    )

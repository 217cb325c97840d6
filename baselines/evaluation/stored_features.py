"""Read the features of a view that were embedded before, perhaps on another machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fewbench.documents import shown
from fewbench.files import require_file

from ...datasets.store.mapped_rows import MappedRows
from ...datasets.view import ImageView
from ..learner import BaselineError, EmbeddingLearner
from .feature_table import FeatureTable, is_large
from .features import Features, check_features, embedding_order

# The types in which features are stored: the letters of numpy, little-endian.
_TYPES = ("|u1", "<f2", "<f4", "<f8")


class FeatureRows(MappedRows):
    """The features of all images of a view, in their embedding order, from several arrays.

    parts: (n, d) each, of one type; they may be memory-mapped
    """

    @property
    def width(self) -> int:
        """The number of features of an image."""
        return self._parts[0].shape[1]

    @classmethod
    def opened(cls, paths: Sequence[Path]) -> "FeatureRows":
        """Open files that `save_features` wrote. Their values are read when needed.

        Raises BaselineError if a file is missing or damaged, or has other features than
        the first one.
        """
        parts = [_mapped(path) for path in paths]
        first = parts[0]
        for path, part in zip(paths, parts, strict=True):
            expected = _kind_of(first)
            got = _kind_of(part)
            if got != expected:
                raise BaselineError(
                    f"{shown(path, 400)}: expected {expected}, as in "
                    f"{shown(paths[0], 400)}, got {got}. Embed the images again: fewbench "
                    f"embed --help"
                )
        openers = [partial(path.open, "rb") for path in paths]
        return cls(parts, openers)


@dataclass(frozen=True)
class StoredIn:
    """The view that was embedded: what decides where the features of an image lie.

    fingerprint: the content hash of the split
    n_images: the number of images, including rotated ones
    dataset, split: their names, for messages
    """

    fingerprint: str
    n_images: int
    dataset: str = ""
    split: str = ""

    @classmethod
    def of(cls, view: ImageView) -> "StoredIn":
        """Return what is stored if all images of a view are embedded."""
        return cls(view.fingerprint, len(view))

    def holds(self, view: ImageView) -> bool:
        """Whether all images of another view are among the embedded ones.

        The upright images come first in every view of a split.
        """
        if self.fingerprint != view.fingerprint:
            return False
        n_upright = view.n_base_images
        return len(view) in (self.n_images, n_upright)


class StoredFeatures(Features):
    """The features of all images of a view, which are read in place of being embedded.

    learner: the learner whose features these are
    view: the images of some episodes: all images that were embedded, or the upright ones
    rows: the features of the images that were embedded
    stored_in: what was embedded
    Raises BaselineError if the images of the view are not among the embedded ones, or if
    their number differs from the number of rows.
    """

    def __init__(
        self,
        learner: EmbeddingLearner,
        view: ImageView,
        rows: FeatureRows,
        stored_in: StoredIn | None = None,
    ) -> None:
        super().__init__(learner, view)
        stored_in = stored_in or StoredIn.of(view)
        has_all_rows = len(rows) == stored_in.n_images
        if not has_all_rows or not stored_in.holds(view):
            raise BaselineError(
                f"cannot use stored features: expected those of the {len(view):,} images "
                f"of the split {shown(view.fingerprint, 12)}, got {len(rows):,} rows of "
                f"the split {shown(stored_in.fingerprint, 12)}. Embed this split: "
                f"fewbench embed --help"
            )
        self._stored = rows
        self._stored_row_of = np.empty(len(rows), np.int64)
        order = embedding_order(view, n_images=len(rows))
        self._stored_row_of[order] = np.arange(len(rows))

    def are_those_of(
        self,
        learner: EmbeddingLearner,
        view: ImageView,
        images: np.ndarray | None,
    ) -> bool:
        """Tell whether these features were made with this learner and view.

        They serve any episodes, since they are those of all images.
        """
        del images
        return self.learner is learner and self.view.key == view.key

    def _new_table(self, features: Tensor) -> FeatureTable:
        if is_large(len(self._order), features):
            return _StoredTable(self._stored, self._stored_row_of[self._order])
        return super()._new_table(features)

    def _features_of(self, images: np.ndarray) -> Tensor:
        rows = self._stored_row_of[images]
        values = self._stored.at(rows)
        features = torch.from_numpy(values)
        check_features(features, len(images))
        device = getattr(self.learner, "device", "cpu")
        return features.to(device)


class _StoredTable:
    """Stored features that are too large for the memory. They are read where they lie.

    stored_rows: int64 (n,) the stored row of each row of the table
    """

    def __init__(self, stored: FeatureRows, stored_rows: np.ndarray) -> None:
        self.width = stored.width
        self._stored = stored
        self._stored_rows = stored_rows

    def write(self, first: int, features: Tensor) -> None:
        """Write nothing: the features are stored already."""
        del first, features

    def at(self, rows: np.ndarray) -> Tensor:
        flat = rows.reshape(-1)
        stored_rows = self._stored_rows[flat]
        values = self._stored.at(stored_rows)
        features = torch.from_numpy(values)
        return features.reshape(*rows.shape, self.width)


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
        f"`fewbench embed` wrote, got {got}. Embed the images again: type the same "
        f"fewbench embed as before"
    )

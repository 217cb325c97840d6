"""Read the features of a view that were embedded before, perhaps on another machine."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fewbench.documents import shown

from ...datasets.view import ImageView
from ..learner import BaselineError, EmbeddingLearner
from .feature_rows import FeatureRows
from .feature_table import FeatureTable, is_large
from .features import Features, check_features, embedding_order


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

    def refuse_changes(self) -> None:
        self._stored.refuse_changes()

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

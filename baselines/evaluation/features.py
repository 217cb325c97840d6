"""Embed the images of a split in fixed blocks.

The rounding of an encoder depends on the images that pass through it together. So the
blocks are the same in every run, and in every part of a run. All images of the split are
put into one shuffled order, which depends only on the content of the split. This order is
then cut into blocks of equal size. The shuffle also hides the class of an image from an
encoder that counts its calls.
"""

import hashlib

import numpy as np
from torch import Tensor

from fewbench.progress import Progress

from ...datasets.random_draws import random_words
from ...datasets.view import ImageView
from ..learner import BaselineError, EmbeddingLearner
from ..outputs import described
from .feature_table import FeatureTable, new_table

# The number of pixels in a forward pass. Its intermediate results then fit in the cache
# of a processor, measured at 28 px.
_PIXELS_PER_BLOCK = 128 * 28 * 28
# Images on which an encoder is tried, to see how large its maps become.
_N_TRIED = 2


def embedding_order(
    view: ImageView,
    images: np.ndarray | None = None,
    n_images: int | None = None,
) -> np.ndarray:
    """Return the order in which the images of a view are embedded: int64 (n,)

    images: bool (n_images,) the images to embed; None for all images
    n_images: the number of images of another view of the same split, with or without
        rotations, whose order is wanted; None for the order of this view
    """
    digest = hashlib.sha256(f"embedding order {view.fingerprint}".encode()).digest()
    key = int.from_bytes(digest[:8], "little")
    count = len(view) if n_images is None else n_images
    words = random_words(key, 0, 1, count)[0, :count]
    order = np.argsort(words, kind="stable")
    if images is None:
        return order
    return order[images[order]]


def block_size(image_shape: tuple[int, ...], largest_map: int = 0) -> int:
    """Return the number of images in a block, for images of this shape.

    largest_map: the number of pixels of the largest map that an image becomes inside the
        learner. It counts if it is at least twice that of the image: a small map more, such
        as a padded one, does not change the blocks, and with them the rounding.
    """
    height, width, _ = image_shape
    n_pixels = height * width
    if largest_map >= 2 * n_pixels:
        n_pixels = largest_map
    return max(1, _PIXELS_PER_BLOCK // n_pixels)


def images_per_block(
    learner: EmbeddingLearner, view: ImageView, order: np.ndarray
) -> int:
    """Return the number of images that a learner embeds at a time.

    order: int64 (n,) the images in the order in which they are embedded
    """
    if learner.images_per_batch:
        return learner.images_per_batch
    few = view.images(order[:_N_TRIED])
    return block_size(view.image_shape, learner.largest_map(few))


class Features:
    """The features of the images in a view. A block is embedded when it is first needed.

    images: bool (n_images,) the images to embed; None for all images
    size: the number of images in a block
    """

    def __init__(
        self,
        learner: EmbeddingLearner,
        view: ImageView,
        images: np.ndarray | None = None,
    ) -> None:
        self.learner = learner
        self.view = view
        self.images = images
        self._order = embedding_order(view, images)
        # The row of each image of the view; -1 for an image outside `images`.
        self._row_of = np.full(len(view), -1)
        self._row_of[self._order] = np.arange(len(self._order))
        self.size = images_per_block(learner, view, self._order)
        n_blocks = -(-len(self._order) // self.size)
        self._is_done = np.zeros(n_blocks, bool)
        self._table: FeatureTable | None = None
        # The width and type of all features; None before the first block.
        self._first: Tensor | None = None

    def are_those_of(
        self,
        learner: EmbeddingLearner,
        view: ImageView,
        images: np.ndarray | None,
    ) -> bool:
        """Tell whether these features were made with this learner, view and images."""
        return (
            self.learner is learner
            and self.view.key == view.key
            and np.array_equal(self.images, images)  # pyright: ignore[reportArgumentType] - None is fine
        )

    def refuse_changes(self) -> None:
        """Raise BaselineError if the features are stored in a file that has changed."""

    def rows(self, images: np.ndarray) -> np.ndarray:
        """Return the rows of these images in `table`: int64, in the shape of `images`"""
        return self._row_of[images]

    def table(self, images: np.ndarray, report: Progress) -> FeatureTable:
        """Embed the blocks of these images, and return the table of features.

        Rows of blocks that were not embedded yet hold no meaningful values.
        Raises BaselineError if features have the wrong shape.
        """
        blocks = np.unique(self.rows(images) // self.size)
        missing = blocks[~self._is_done[blocks]]
        n_images = int(self._sizes(missing).sum())
        done = 0
        for block in missing:
            done += self._embed(int(block))
            report("embed", done, n_images)
        assert self._table is not None, "an episode has images"
        return self._table

    def of(self, images: np.ndarray) -> Tensor:
        """Return the features of images that are embedded: (n, d)

        images: int64 (n,)
        """
        assert self._table is not None, "the images are embedded"
        rows = self.rows(images)
        return self._table.at(rows)

    def embedded_images(self, generator: np.random.Generator) -> np.ndarray:
        """Return the images that are embedded: int64 (n,)

        generator: draws a block that is embedded now if none is
        """
        if not self._is_done.any():
            self._embed(int(generator.integers(len(self._is_done))))
        blocks = np.arange(len(self._order)) // self.size
        return self._order[self._is_done[blocks]]

    def batch_with(self, image: int) -> np.ndarray:
        """Return all images of the block with this image, in their order: int64 (n,)"""
        first = int(self._row_of[image]) // self.size * self.size
        return self._order[first : first + self.size]

    def _sizes(self, blocks: np.ndarray) -> np.ndarray:
        """Return the number of images in each block. The last block can be smaller."""
        left = len(self._order) - blocks * self.size
        return np.minimum(left, self.size)

    def _embed(self, block: int) -> int:
        first = block * self.size
        images = self._order[first : first + self.size]
        features = self._features_of(images)
        if self._table is None or self._first is None:
            self._first = features[:0]
            self._table = self._new_table(features)
        _check_like_first(features, self._first)
        self._table.write(first, features)
        self._is_done[block] = True
        return len(images)

    def _new_table(self, features: Tensor) -> FeatureTable:
        """Make the table for all features, which are like these ones: (n, d)"""
        return new_table(len(self._order), features)

    def _features_of(self, images: np.ndarray) -> Tensor:
        """Make the features of the images of a block: (n, d)"""
        return embedded(self.learner, self.view, images)


def embedded(learner: EmbeddingLearner, view: ImageView, images: np.ndarray) -> Tensor:
    """Embed images that pass through the encoder together: (n, d)

    images: int64 (n,) indices of images in the view
    Raises BaselineError if features have the wrong shape or are not finite.
    """
    features = learner.embed(view.images(images))
    check_features(features, len(images))
    return features.detach()


def check_features(features: object, n_images: int) -> None:
    """Raise BaselineError unless there is a row of finite features for each image."""
    got = described(features)
    if isinstance(features, Tensor):
        is_table = features.ndim == 2 and len(features) == n_images
        if is_table and features.numel() and not features.is_complex():
            if features.isfinite().all():
                return
            got = f"NaN or inf among {got}"
    raise BaselineError(
        f"cannot embed the images: expected features of the shape ({n_images}, d), one row "
        f"of finite numbers for each image, got {got}. Change what the model returns."
    )


def refuse_changes(features: Features | None) -> None:
    """Raise BaselineError if features are stored in a file that has changed."""
    if features is not None:
        features.refuse_changes()


def _check_like_first(features: Tensor, first: Tensor) -> None:
    """Raise BaselineError if a batch has features of another kind than the first one."""
    if features.shape[1:] != first.shape[1:] or features.dtype != first.dtype:
        dtype = str(first.dtype).removeprefix("torch.")
        raise BaselineError(
            f"cannot embed the images: expected {first.shape[1]} features of each image in "
            f"{dtype}, as in the first batch, got {described(features)}. Change what the "
            f"model returns."
        )

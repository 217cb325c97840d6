"""Change the images of a view before a learner sees them."""

from collections.abc import Callable, Hashable

import numpy as np

from .info import DataError
from .view import ImageView

# Images on which the preparation is tried before an evaluation.
_N_TRIED = 8


class PreparedView(ImageView):
    """The images of a view after a preparation, such as another size.

    prepare: uint8 (n, H, W, C) -> uint8 or float32 (n, H', W', C')
    Raises DataError if the result for an image changes from call to call, or if it
    depends on the other images in the call.
    """

    def __init__(
        self,
        view: ImageView,
        prepare: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        super().__init__(
            view.stores,
            rotations=view.rotations,
            task_rotations=view.task_rotations,
        )
        self.prepare = prepare
        tried = prepare(super().images(self._tried()))
        self.image_shape = tried.shape[1:]
        self.image_dtype = tried.dtype
        self._refuse_chance(tried)

    @property
    def key(self) -> tuple[Hashable, ...]:
        return (*super().key, self.prepare)

    def images(self, indices: np.ndarray) -> np.ndarray:
        """Read and prepare some images: uint8 or float32 (n, H', W', C')

        indices: int64 (n,) indices of images in the view
        Raises DataError if an image gets another shape than the first images.
        """
        prepared = self.prepare(super().images(indices))
        shape = prepared.shape[1:]
        if shape != self.image_shape:
            raise DataError(
                f"cannot prepare the images: expected images of the shape "
                f"{self.image_shape}, as for the first ones, got {shape}. Add --size, or "
                f"change the transform so that all images get one shape"
            )
        return prepared

    def _tried(self) -> np.ndarray:
        """Return the indices of a few images across the view: int64 (n,)"""
        n_tried = min(_N_TRIED, len(self))
        return np.linspace(0, len(self) - 1, n_tried).astype(np.int64)

    def _refuse_chance(self, together: np.ndarray) -> None:
        for index, image in zip(self._tried(), together, strict=True):
            (alone,) = self.images(index[None])
            if not np.allclose(alone, image, rtol=1e-3, atol=1e-3):
                raise DataError(
                    "cannot prepare the images: expected the same pixels each time, got "
                    "other pixels for an image when it was prepared again. Remove from "
                    "the transform all random changes and all steps that mix several images"
                )

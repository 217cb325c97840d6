"""The classes of a view without their images, to draw its episodes again anywhere."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .info import DataError
from .view import ROTATIONS


@dataclass(frozen=True, eq=False)
class ClassLayout:
    """The classes of an `ImageView`, known by their sizes alone.

    Episodes depend on nothing else of the images. So they can be drawn again without the
    dataset.

    sizes: int (n_classes,) number of images in each class of the view
    rotations, task_rotations: as in `ImageView`
    Raises DataError if a class is empty, or if `rotations` is True and the classes are not
    four copies of the same classes.
    """

    sizes: np.ndarray
    rotations: bool = False
    task_rotations: bool = False

    def __post_init__(self) -> None:
        if len(self.sizes) == 0 or self.sizes.min() < 1:
            raise DataError(
                "expected at least one class, and an image in each class, got a class "
                "without images or no classes"
            )
        if not self.rotations:
            return
        n_base = self.n_base_classes
        copies = np.tile(self.sizes[:n_base], len(ROTATIONS))
        if not np.array_equal(copies, self.sizes):
            raise DataError(
                f"expected the same classes in each of {len(ROTATIONS)} rotations, got "
                f"{len(self.sizes)} classes of other sizes"
            )

    @cached_property
    def class_offsets(self) -> np.ndarray:
        """Where the images of each class start and end: int64 (n_classes + 1,)"""
        offsets = np.zeros(len(self.sizes) + 1, np.int64)
        np.cumsum(self.sizes, out=offsets[1:])
        return offsets

    @property
    def n_base_classes(self) -> int:
        """The number of classes, without rotated classes."""
        if self.rotations:
            return len(self.sizes) // len(ROTATIONS)
        return len(self.sizes)

    @property
    def n_base_images(self) -> int:
        """The number of images, without rotated images."""
        return int(self.class_offsets[self.n_base_classes])

    @property
    def n_images(self) -> int:
        """The number of images, with rotated images."""
        if self.rotations or self.task_rotations:
            return self.n_base_images * len(ROTATIONS)
        return self.n_base_images

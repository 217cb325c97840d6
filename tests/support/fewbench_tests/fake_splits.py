"""Splits that are nothing but names and sizes, for what never looks at a pixel."""

from collections.abc import Sequence

import numpy as np

from fewbench.datasets.view import ImageView


class FakeSplit:
    """What an ImageView asks of a SplitStore."""

    image_shape = (28, 28, 1)
    partial = False

    def __init__(self, sizes: Sequence[int], fingerprint: str = "0" * 64) -> None:
        self.fingerprint = fingerprint
        self.class_offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.class_names = tuple(f"n{c:08d}" for c in range(len(sizes)))
        self.image_names = tuple(
            f"n{c:08d}_{i:06d}" for c, size in enumerate(sizes) for i in range(size)
        )

    def __len__(self) -> int:
        return len(self.image_names)


def fake_view(sizes: Sequence[int], **rotated: bool) -> ImageView:
    """A view of classes with so many images."""
    return ImageView([FakeSplit(sizes)], **rotated)  # pyright: ignore[reportArgumentType]

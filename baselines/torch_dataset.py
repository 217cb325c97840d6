"""A split as a dataset of torch, for a `DataLoader` with any number of workers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..datasets.info import DataError
from ..datasets.store.split_store import SplitStore


class TorchDataset(Dataset[tuple[Any, int]]):
    """The images of a split with their labels, in the order of the classes.

    An item is an image and its label. The image is a float32 tensor (C, H, W) in 0..1, or
    what the transform makes of it. Workers open the file of the split themselves, so the
    images are not copied to them.

    store: the split
    transform: a function of a uint8 tensor (C, H, W), such as a transform of torchvision
    labels: int64 (n_images,) the class of each image, as an index into `class_names`
    Raises DataError if `transform` is not a function.
    """

    def __init__(
        self,
        store: SplitStore,
        transform: Callable[[Tensor], Any] | None = None,
    ) -> None:
        if transform is not None and not callable(transform):
            raise DataError(
                f"transform: expected a function of a uint8 tensor (C, H, W), got "
                f"{transform!r:.60}. Pass for example torchvision.transforms.Resize(224)"
            )
        self.store = store
        self.transform = transform
        sizes = np.diff(store.class_offsets)
        classes = np.arange(len(sizes))
        labels = classes.repeat(sizes)
        self.labels = torch.from_numpy(labels)

    def __len__(self) -> int:
        return len(self.store)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        # Labels come first: a negative index means the same for both.
        label = int(self.labels[index])
        pixels = torch.from_numpy(self.store[index])
        image = pixels.permute(2, 0, 1)
        if self.transform is not None:
            return self.transform(image), label
        scaled = image.float() / 255
        return scaled, label

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class."""
        return tuple(self.store.class_names)

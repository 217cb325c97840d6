"""Copy uint8 images of a dataset to the device that computes with them."""

import numpy as np
import torch
from torch import Tensor

from ...datasets.view import ImageView

# The fraction of a GPU's free memory that the images of a view may fill.
_RESIDENT_SHARE = 0.25


class Pixels:
    """The images of an `ImageView`, which can be copied to the device by index.

    A GPU holds all images of the view if they fill at most a quarter of its free
    memory. Otherwise each call copies images from pinned memory, while the GPU still
    computes.
    """

    def __init__(self, view: ImageView, device: torch.device) -> None:
        self.view = view
        self.device = device
        self._resident: Tensor | None = None
        if device.type == "cuda" and self._fits():
            self.make_resident()

    def make_resident(self) -> None:
        """Copy all images to the device, for all later calls of `gather`."""
        n_images = len(self.view)
        images = self.view.images(np.arange(n_images))
        self._resident = torch.from_numpy(images).to(self.device)

    def gather(self, indices: np.ndarray) -> Tensor:
        """Return the images at `indices`, on the device.

        indices: int64, of any shape
        Returns uint8 (*indices.shape, H, W, C).
        """
        flat = indices.reshape(-1)
        if self._resident is None:
            found = self.view.images(flat)
            images = on_device(found, self.device)
        else:
            rows = torch.from_numpy(flat)
            images = self._resident[rows.to(self.device)]
        image_shape = images.shape[1:]
        return images.reshape(*indices.shape, *image_shape)

    def _fits(self) -> bool:
        free_bytes, _ = torch.cuda.mem_get_info(self.device)
        height, width, channels = self.view.image_shape
        bytes_of_image = height * width * channels * self.view.image_dtype.itemsize
        needed_bytes = len(self.view) * bytes_of_image
        return needed_bytes <= _RESIDENT_SHARE * free_bytes


def on_device(images: np.ndarray, device: torch.device) -> Tensor:
    """Copy images to the device.

    A GPU copies from pinned memory, so the copy can run while the GPU computes.
    """
    tensor = torch.from_numpy(images)
    if device.type != "cuda":
        return tensor
    pinned = tensor.pin_memory()
    return pinned.to(device, non_blocking=True)

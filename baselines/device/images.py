"""Brings the images of a view, as uint8, to the device where they are used."""

import numpy as np
import torch
from torch import Tensor

from ...datasets.view import ImageView

# The share of a GPU's free memory that the images of a view may take.
_RESIDENT_SHARE = 0.25


class Pixels:
    """Gathers images by index.

    A GPU keeps the whole view if it fits. Otherwise the images are copied from pinned
    memory while the GPU still computes.
    """

    def __init__(self, view: ImageView, device: torch.device) -> None:
        self.view = view
        self.device = device
        self._resident: Tensor | None = None
        if device.type == "cuda" and self._fits():
            self.make_resident()

    def make_resident(self) -> None:
        """Keep every image on the device."""
        n_images = len(self.view)
        images = self.view.images(np.arange(n_images))
        self._resident = torch.from_numpy(images).to(self.device)

    def gather(self, indices: np.ndarray) -> Tensor:
        """The images at int64 `indices` of any shape: uint8 (*indices.shape, H, W, C)"""
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
        needed_bytes = len(self.view) * height * width * channels
        return needed_bytes <= _RESIDENT_SHARE * free_bytes


def on_device(images: np.ndarray, device: torch.device) -> Tensor:
    """The same values on the device. A GPU copies from pinned memory while it computes."""
    tensor = torch.from_numpy(images)
    if device.type != "cuda":
        return tensor
    pinned = tensor.pin_memory()
    return pinned.to(device, non_blocking=True)

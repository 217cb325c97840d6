"""Images of a view on the device where they are used, as uint8."""

import numpy as np
import torch
from torch import Tensor

from ...datasets.view import ImageView

# Of a GPU's free memory that a resident split may take.
_RESIDENT_SHARE = 0.25


class Pixels:
    """Gathers images by index. On a GPU the whole view is kept there if it fits; otherwise images
    are copied from pinned memory while the GPU still computes."""

    def __init__(self, view: ImageView, device: torch.device) -> None:
        self.view, self.device = view, device
        self._resident: Tensor | None = None
        if device.type == "cuda" and self._fits():
            self.make_resident()

    def make_resident(self) -> None:
        """Keep every image on the device."""
        self._resident = torch.from_numpy(self.view.images(np.arange(len(self.view))))
        self._resident = self._resident.to(self.device)

    def gather(self, indices: np.ndarray) -> Tensor:
        """The images at int64 `indices` of any shape: uint8 (*indices.shape, H, W, C)"""
        flat = indices.reshape(-1)
        if self._resident is not None:
            images = self._resident[torch.from_numpy(flat).to(self.device)]
        else:
            images = on_device(self.view.images(flat), self.device)
        return images.reshape(*indices.shape, *images.shape[1:])

    def _fits(self) -> bool:
        free, _ = torch.cuda.mem_get_info(self.device)
        return (
            len(self.view) * int(np.prod(self.view.image_shape))
            <= _RESIDENT_SHARE * free
        )


def on_device(images: np.ndarray, device: torch.device) -> Tensor:
    """The same values on the device; a GPU copies from pinned memory while it computes."""
    tensor = torch.from_numpy(images)
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor

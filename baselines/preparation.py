"""Prepare images for a model: their size, a transform, and normalisation."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..datasets.images.resample import resize
from .learner import BaselineError
from .outputs import last_words

# The filter of torchvision's Resize.
RESAMPLING = "bilinear"
_LARGEST_SIDE = 4096


@dataclass(frozen=True)
class Preparation:
    """What is done to images before a model sees them, in the order of these fields.

    size: the images are resized to size x size px, with Pillow's bilinear filter
    invert: the images become their negatives (255 - image), before the transform: white ink
        on black for a network that was trained on it, or black ink on white
    transform: a function of a batch of images, such as a transform of torchvision. It
        turns a uint8 tensor (n, C, H, W) into a uint8 or float tensor (n, C', H', W'),
        and treats each image alone.
    mean, std: the images become (images - mean) / std in float32; uint8 values are first
        divided by 255. Each has a single value, or a value for each channel. With three
        values, a grey image gets three equal channels. None stands for a mean of 0 or a
        std of 1.
    Images that are not changed stay uint8.
    Raises BaselineError if a value cannot be used.
    """

    size: int | None = None
    transform: Callable[[Tensor], object] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    invert: bool = False

    def __post_init__(self) -> None:
        if self.size is not None and type(self.size) is not int:
            raise BaselineError(
                f"size: expected a whole number of pixels, got {self.size!r}. Type for "
                f"example 224"
            )
        if self.transform is not None and not callable(self.transform):
            raise BaselineError(
                f"transform: expected a function, got {self.transform!r:.60}. Pass a "
                f"function of a batch of images"
            )
        if self.size is not None and not 1 <= self.size <= _LARGEST_SIDE:
            raise BaselineError(
                f"size: expected 1 to {_LARGEST_SIDE} px, got {self.size}. For most "
                f"networks that were trained on ImageNet, type 224"
            )
        _check_values("mean", self.mean)
        _check_values("std", self.std)
        if self.std is not None and min(self.std) <= 0:
            raise BaselineError(
                f"std: expected numbers above 0, got {_listed(self.std)}. Type the "
                f"standard deviation of each channel, or omit it"
            )

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Prepare images: uint8 (n, H, W, C) -> uint8 or float32 (n, H', W', C')

        Raises BaselineError if the transform fails or returns something else than images,
        or if the number of channels does not fit `mean` and `std`.
        """
        if self.size is not None:
            images = _resized(images, self.size)
        if self.invert:
            images = 255 - images
        if self.transform is not None:
            images = _transformed(images, self.transform)
        if self.mean is not None or self.std is not None:
            images = self._normalised(images)
        return images

    @property
    def transform_name(self) -> str | None:
        """The module and the name of the transform; None if there is none."""
        if self.transform is None:
            return None
        named = self.transform
        if not hasattr(named, "__qualname__"):
            named = type(named)
        return f"{named.__module__}:{named.__qualname__}"

    def _normalised(self, images: np.ndarray) -> np.ndarray:
        values = images.astype(np.float32)
        if images.dtype == np.uint8:
            values /= 255
        mean = np.array(self.mean or (0.0,), np.float32)
        std = np.array(self.std or (1.0,), np.float32)
        wanted = max(len(mean), len(std))
        n_channels = values.shape[-1]
        if wanted not in (1, n_channels) and n_channels != 1:
            raise BaselineError(
                f"mean and std: expected 1 value or {n_channels}, one for each channel of "
                f"the images, got {wanted}. Type for example --mean 0.5 --std 0.5"
            )
        return (values - mean) / std


def _check_values(name: str, values: tuple[float, ...] | None) -> None:
    if values is None:
        return
    is_numbers = isinstance(values, tuple)
    if not is_numbers or not all(type(value) in (int, float) for value in values):
        raise BaselineError(
            f"{name}: expected a tuple of numbers, got {values!r:.60}. Type for example "
            f"{name}=(0.5,)"
        )
    if len(values) in (1, 3) and all(math.isfinite(value) for value in values):
        return
    raise BaselineError(
        f"{name}: expected 1 or 3 finite numbers, got {_listed(values)}. Type for "
        f"example --{name} 0.5"
    )


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(str(value) for value in values) or "none"


def _resized(images: np.ndarray, size: int) -> np.ndarray:
    n_images, _, _, n_channels = images.shape
    resized = np.empty((n_images, size, size, n_channels), np.uint8)
    for i, image in enumerate(images):
        pixels = image[:, :, 0] if n_channels == 1 else image
        resized[i] = resize(Image.fromarray(pixels), (size, size), RESAMPLING)
    return resized


def _transformed(
    images: np.ndarray,
    transform: Callable[[Tensor], object],
) -> np.ndarray:
    batch = torch.from_numpy(images).permute(0, 3, 1, 2)
    try:
        with torch.inference_mode():
            changed = transform(batch)
    except Exception as error:
        raise BaselineError(
            f"the transform failed: {last_words(error)}. It gets a uint8 tensor of the "
            f"shape {tuple(batch.shape)}: change it so that it accepts this"
        ) from error
    _check_transformed(changed, len(images))
    assert isinstance(changed, Tensor)
    if changed.is_floating_point():
        changed = changed.float()
    return changed.permute(0, 2, 3, 1).cpu().numpy()


def _check_transformed(changed: object, n_images: int) -> None:
    """Raise BaselineError unless a transform returned images."""
    got: object = type(changed).__name__
    if isinstance(changed, Tensor):
        got = f"{changed.dtype} {tuple(changed.shape)}"
        is_batch = changed.ndim == 4 and len(changed) == n_images
        is_uint8 = changed.dtype == torch.uint8
        if is_batch and is_uint8:
            return
        if is_batch and changed.is_floating_point():
            if changed.isfinite().all():
                return
            got = "NaN or inf"
    raise BaselineError(
        f"the transform: expected a tensor ({n_images}, C, H, W) of type uint8 or float, "
        f"got {got}. Change what the transform returns"
    )

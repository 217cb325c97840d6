"""Compute the first convolution and batch norm of a network as one matrix product.

These two layers are called the stem. The first convolution sees few channels, so the
covariance matrix of its columns (image patches) x is small. This covariance gives the
exact statistics of the convolution's output w'x: its mean is w' mean(x), and its
variance is w' covariance(x) w. The covariance is the same at each inner step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .taskwise_functions import Window, columns, product, product_over_rows
from .taskwise_layers import Layer, Weights, window_of

# With more columns, computing the covariance takes more time than it saves.
_MAX_COLUMNS = 32


@dataclass(eq=False)
class TaskImages:
    """The input of a network's layers for many tasks: images, or features of images.

    values: float (n_tasks, n, H, W, C) or (n_tasks, n, features)
    stems: the columns of the images for each window, kept for all inner steps
    """

    values: Tensor
    stems: dict[Window, "Stem"] = field(default_factory=dict)


class Stem:
    """The columns that a window sees in images, with their mean and covariance.

    rows: (n_tasks, n_rows, n_columns + 1), the columns followed by a 1 for the shift
    mean: (n_tasks, 1, n_columns)
    covariance: (n_tasks, n_columns, n_columns)
    """

    def __init__(self, values: Tensor, window: Window) -> None:
        n_tasks, n_images = values.shape[:2]
        images = values.flatten(0, 1)
        seen = columns(images, window)
        _, height, width, n_columns = seen.shape
        self.shape = (
            n_tasks,
            n_images,
            height,
            width,
            -1,
        )
        rows = seen.reshape(n_tasks, -1, n_columns)
        self.mean = rows.mean(1, keepdim=True)
        centred = rows - self.mean
        n_rows = rows.shape[1]
        products = product_over_rows(centred, centred)
        self.covariance = products / n_rows
        ones = torch.ones_like(rows[..., :1])
        self.rows = torch.cat([rows, ones], dim=-1)


def has_stem(layers: Sequence[Layer], images: TaskImages) -> bool:
    """Return whether `run_stem` can run the first two layers.

    They must be a convolution without bias and a batch norm, and the images must need
    no gradient.
    """
    if len(layers) < 2 or images.values.requires_grad:
        return False
    convolution = layers[0].module
    norm = layers[1].module
    if not isinstance(convolution, nn.Conv2d):
        return False
    if not isinstance(norm, _BatchNorm):
        return False
    size = convolution.kernel_size[0]
    n_columns = convolution.in_channels * size**2
    return convolution.bias is None and n_columns <= _MAX_COLUMNS


def run_stem(
    layers: Sequence[Layer],
    weights: Weights,
    images: TaskImages,
) -> Tensor:
    """Return the output of the first convolution and batch norm, for all tasks.

    Returns (n_tasks, n, H', W', C').
    Raises BaselineError if the convolution is unusual, see `window_of`.
    """
    first, convolution = layers[0]
    second, norm = layers[1]
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, _BatchNorm)
    window = window_of(convolution)
    with torch.autocast(images.values.device.type, enabled=False):
        if window not in images.stems:
            images.stems[window] = Stem(images.values, window)
        stem = images.stems[window]
        weight = weights[f"{first}weight"]
        norm_scale = weights[f"{second}weight"]
        norm_shift = weights[f"{second}bias"]
        spread = torch.bmm(stem.covariance, weight)
        variance = (spread * weight).sum(1, keepdim=True)
        inverse = torch.rsqrt(variance + norm.eps)
        slope = norm_scale * inverse
        mean = torch.bmm(stem.mean, weight)
        shift = norm_shift - mean * slope
        scaled = weight * slope
        folded = torch.cat([scaled, shift], dim=1)
    return product(stem.rows, folded).reshape(stem.shape)

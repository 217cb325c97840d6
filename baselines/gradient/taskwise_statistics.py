"""Compute batch norm for many tasks at once, with a choice of statistics."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from .taskwise_functions import widened
from .taskwise_layers import Weights
from .taskwise_norm_relu import norm_relu

# Mean and variance of one batch norm, each (n_tasks, 1, C).
Moments = tuple[Tensor, Tensor]


@dataclass(eq=False)
class Norms:
    """The statistics that the batch norms of a network use.

    By default, these are the statistics of all images of a task in the batch.

    each_image: whether each image is normalised with its own mean and variance
    given: means and variances to use instead, for each norm in the order of the calls
    record: a list to which each norm appends the mean and variance of its images
    """

    each_image: bool = False
    given: Iterator[Moments] | None = None
    record: list[Moments] | None = None

    @property
    def plain(self) -> bool:
        """Whether all norms use the default statistics and record nothing."""
        return not self.each_image and self.given is None and self.record is None


def normalise(
    module: _BatchNorm,
    prefix: str,
    weights: Weights,
    values: Tensor,
    norms: Norms,
    relu: bool,
) -> Tensor:
    """Normalise the values of each task, as a batch norm with the task's own weights.

    prefix: what the names of the norm's weights start with
    values: float (n_tasks, n, H, W, C); the result has the same shape
    relu: whether a ReLU follows the norm
    """
    n_tasks, n_images = values.shape[:2]
    scale = weights[prefix + "weight"]
    shift = weights[prefix + "bias"]
    n_groups = n_tasks
    if norms.each_image:
        n_groups = n_tasks * n_images
        scale = scale.repeat_interleave(n_images, 0)
        shift = shift.repeat_interleave(n_images, 0)
    n_channels = values.shape[-1]
    rows = widened(values.reshape(n_groups, -1, n_channels))
    if norms.record is not None:
        variance, mean = torch.var_mean(rows, 1, correction=0, keepdim=True)
        norms.record.append((mean, variance))
    if norms.given is None:
        result = norm_relu(rows, scale, shift, module.eps, relu)
    else:
        mean, variance = next(norms.given)
        slope = scale * torch.rsqrt(variance + module.eps)
        moved_shift = shift - mean * slope
        result = torch.addcmul(moved_shift, rows, slope)
        if relu:
            result = result.clamp_min_(0)
    return result.reshape(values.shape)

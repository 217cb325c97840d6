"""The rules of `taskwise`: functions that run one kind of layer for many tasks at once.

A rule takes and returns maps (n_tasks, n, H, W, C) or features (n_tasks, n, d). The
names of a layer's weights start with the prefix of the layer.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ..learner import BaselineError
from .taskwise_functions import Window, columns, product

Weights = dict[str, Tensor]
Rule = Callable[..., Tensor]


# A convolution must equal a usual convolution of its size in these attributes.
_WINDOW_FACTS = (
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "padding_mode",
)


class Layer(NamedTuple):
    """A layer of a network: a module, and the prefix of its parameters' names."""

    prefix: str
    module: nn.Module


def window_of(module: nn.Conv2d) -> Window:
    """Return the window of a convolution.

    Raises BaselineError if the window is not square, has an even size or a padding
    other than half its size, or if the convolution is dilated or has groups.
    """
    size = module.kernel_size[0]
    stride = module.stride[0]
    expected = nn.Conv2d(1, 1, size, stride, padding=size // 2)
    is_usual = size % 2 == 1
    for name in _WINDOW_FACTS:
        if getattr(module, name) != getattr(expected, name):
            is_usual = False
    if not is_usual:
        raise BaselineError(
            f"{module}: the native engine cannot run this convolution: expected a "
            f"square window of odd size, padded by half its size with zeros, without "
            f"dilation and groups. Use --backend learn2learn or --backend higher"
        )
    return Window(size, stride)


def laid_out(module: nn.Module, parameter: Tensor) -> Tensor:
    """Return one parameter in the layout that rules expect: see `taskwise.task_weights`."""
    if isinstance(module, nn.Conv2d) and parameter.ndim == 4:
        n_outputs = len(parameter)
        by_position = parameter.permute(2, 3, 1, 0)
        return by_position.reshape(-1, n_outputs)
    if isinstance(module, nn.Linear) and parameter.ndim == 2:
        return parameter.T
    if type(module) in RULES or isinstance(module, _BatchNorm):
        return parameter[None]
    return parameter


def by_vmap(
    module: nn.Module,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    """Run a module for many tasks at once with torch.vmap.

    This is for modules that have no rule.

    module: takes and returns maps (n, C, H, W) or features (n, d)
    Raises BaselineError if the module contains a batch norm.
    """
    if any(isinstance(child, _BatchNorm) for child in module.modules()):
        raise BaselineError(
            f"{type(module).__name__} holds a batch norm: the native engine cannot run "
            f"this module, because torch.vmap gives wrong second derivatives of batch "
            f"norm in some versions of torch. Build the network from nn.Sequential and "
            f"backbones.Residual, or use --backend learn2learn or --backend higher"
        )
    own: Weights = {}
    for name, _ in module.named_parameters():
        own[name] = weights[prefix + name]

    def call(task_weights: Weights, task_values: Tensor) -> Tensor:
        return functional_call(module, task_weights, (task_values,))

    call_all = vmap(call, randomness="different")
    if values.ndim == 5:
        values = values.permute(0, 1, 4, 2, 3)
    result = call_all(own, values)
    if result.ndim == 5:
        return result.permute(0, 1, 3, 4, 2)
    return result


def _convolution(
    module: nn.Conv2d,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    window = window_of(module)
    if not torch.is_grad_enabled():
        # Evaluations have no graph and many query images. One call for each task is
        # then faster than writing the columns to memory.
        return _convolved_task_by_task(window, prefix, weights, values)
    n_tasks, n_images = values.shape[:2]
    seen = columns(values.flatten(0, 1), window)
    _, height, width, n_columns = seen.shape
    rows = seen.reshape(n_tasks, -1, n_columns)
    result = _affine(rows, prefix, weights)
    return result.reshape(n_tasks, n_images, height, width, -1)


def _convolved_task_by_task(
    window: Window,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    convolved = []
    kernels = weights[f"{prefix}weight"]
    for images, kernel in zip(values, kernels, strict=True):
        convolved.append(_convolved(images, kernel, window))
    maps = torch.stack(convolved)
    rows = _biased(maps.flatten(1, 3), prefix, weights)
    return rows.reshape(maps.shape)


def _convolved(
    images: Tensor,
    weight: Tensor,
    window: Window,
) -> Tensor:
    """Convolve the images of one task, without an autograd graph.

    images: (n, H, W, C); weight: (size * size * C, O) -> (n, H', W', O)
    """
    size = window.size
    by_position = weight.unflatten(0, (size, size, -1))
    kernel = by_position.permute(3, 2, 0, 1)
    maps = functional.conv2d(
        images.permute(0, 3, 1, 2),
        kernel,
        bias=None,
        stride=window.stride,
        padding=size // 2,
    )
    return maps.permute(0, 2, 3, 1)


def _linear(
    module: nn.Linear,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    del module
    return _affine(values, prefix, weights)


def _affine(
    rows: Tensor,
    prefix: str,
    weights: Weights,
) -> Tensor:
    weight = weights[f"{prefix}weight"]
    return _biased(product(rows, weight), prefix, weights)


def _biased(
    rows: Tensor,
    prefix: str,
    weights: Weights,
) -> Tensor:
    name = f"{prefix}bias"
    if name not in weights:
        return rows
    return rows + weights[name]


def _max_pool(
    module: nn.MaxPool2d,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    del prefix, weights
    n_tasks, n_images = values.shape[:2]
    # `maps` has the shape (n, C, H, W), but is channels-last in memory.
    maps = values.flatten(0, 1).permute(0, 3, 1, 2)
    pooled = module(maps)
    result = pooled.permute(0, 2, 3, 1)
    return result.unflatten(0, (n_tasks, n_images))


def _average(
    module: nn.AdaptiveAvgPool2d,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    if module.output_size not in (1, (1, 1)):
        return by_vmap(module, prefix, weights, values)
    return values.mean((2, 3), keepdim=True)


def _flatten(
    module: nn.Flatten,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    """Flatten maps in the order of nn.Flatten, which expects the channels first."""
    del module, prefix, weights
    if values.ndim != 5:
        return values
    return values.permute(0, 1, 4, 2, 3).flatten(2)


def _unflatten(
    module: nn.Unflatten,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    del prefix, weights
    n_tasks, n_images = values.shape[:2]
    maps = values.reshape(n_tasks, n_images, *module.unflattened_size)
    return maps.permute(0, 1, 3, 4, 2)


def _pointwise(
    module: nn.Module,
    prefix: str,
    weights: Weights,
    values: Tensor,
) -> Tensor:
    del prefix, weights
    return module(values)


RULES: dict[type[nn.Module], Rule] = {
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    nn.MaxPool2d: _max_pool,
    nn.AdaptiveAvgPool2d: _average,
    nn.Flatten: _flatten,
    nn.Unflatten: _unflatten,
    nn.ReLU: _pointwise,
    nn.LeakyReLU: _pointwise,
    nn.Identity: _pointwise,
}

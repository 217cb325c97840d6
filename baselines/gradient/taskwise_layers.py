"""The layers that `taskwise` knows, for many tasks at once: each takes and gives maps of shape

(n_tasks, n, H, W, C), or features (n_tasks, n, d), and finds its weights by its prefix.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ..learner import BaselineError
from .taskwise_functions import Window, columns, product

Weights = dict[str, Tensor]


def _convolution(
    module: nn.Conv2d, prefix: str, weights: Weights, values: Tensor
) -> Tensor:
    window = window_of(module)
    if not torch.is_grad_enabled():
        # Query images are many: then one call for each task beats writing out the columns.
        pairs = zip(values, weights[prefix + "weight"], strict=True)
        maps = torch.stack(
            [_convolved(images, weight, window) for images, weight in pairs]
        )
        return _biased(maps.flatten(1, 3), prefix, weights).reshape(maps.shape)
    seen = columns(values.flatten(0, 1), window)
    rows = seen.reshape(len(values), -1, seen.shape[-1])
    result = _affine(rows, prefix, weights)
    return result.reshape(*values.shape[:2], *seen.shape[1:3], -1)


def _convolved(images: Tensor, weight: Tensor, window: Window) -> Tensor:
    """One task's convolution, without a graph.

    images: (n, H, W, C); weight: (size * size * C, O) -> (n, H', W', O)
    """
    kernel = weight.unflatten(0, (window.size, window.size, -1)).permute(3, 2, 0, 1)
    maps = images.permute(0, 3, 1, 2)
    padding = window.size // 2
    return functional.conv2d(maps, kernel, None, window.stride, padding).permute(
        0, 2, 3, 1
    )


def _linear(module: nn.Linear, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    del module
    return _affine(values, prefix, weights)


def _affine(rows: Tensor, prefix: str, weights: Weights) -> Tensor:
    return _biased(product(rows, weights[prefix + "weight"]), prefix, weights)


def _biased(rows: Tensor, prefix: str, weights: Weights) -> Tensor:
    return rows + weights[prefix + "bias"] if prefix + "bias" in weights else rows


def window_of(module: nn.Conv2d) -> Window:
    size, stride = module.kernel_size[0], module.stride[0]
    usual = nn.Conv2d(1, 1, size, stride, padding=size // 2)
    names = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
    if size % 2 == 0 or any(
        getattr(module, name) != getattr(usual, name) for name in names
    ):
        raise BaselineError(
            f"{module}: the native engine knows square windows of odd size, padded by half of it. "
            f"Use --backend learn2learn or --backend higher for this network."
        )
    return Window(size, stride)


def _max_pool(
    module: nn.MaxPool2d, prefix: str, weights: Weights, values: Tensor
) -> Tensor:
    del prefix, weights
    maps = values.flatten(0, 1).permute(0, 3, 1, 2)  # channels-last in memory
    pooled = module(maps).permute(0, 2, 3, 1)
    return pooled.reshape(*values.shape[:2], *pooled.shape[1:])


def _average(
    module: nn.AdaptiveAvgPool2d, prefix: str, weights: Weights, values: Tensor
) -> Tensor:
    if module.output_size not in (1, (1, 1)):
        return by_vmap(module, prefix, weights, values)
    return values.mean((2, 3), keepdim=True)


def _flatten(
    module: nn.Flatten, prefix: str, weights: Weights, values: Tensor
) -> Tensor:
    """In the order of the module, whose maps have their channels first."""
    del module, prefix, weights
    return values.permute(0, 1, 4, 2, 3).flatten(2) if values.ndim == 5 else values


def _unflatten(
    module: nn.Unflatten, prefix: str, weights: Weights, values: Tensor
) -> Tensor:
    del prefix, weights
    maps = values.reshape(*values.shape[:2], *module.unflattened_size)
    return maps.permute(0, 1, 3, 4, 2)


def _pointwise(
    module: nn.Module, prefix: str, weights: Weights, values: Tensor
) -> Tensor:
    del prefix, weights
    return module(values)


def by_vmap(module: nn.Module, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    """Any other module, images (n, C, H, W) or features (n, d) in and out."""
    if any(isinstance(child, _BatchNorm) for child in module.modules()):
        raise BaselineError(
            f"{type(module).__name__} holds a batch norm, of which torch.vmap gives wrong second "
            f"derivatives in some versions of torch. Build the network of nn.Sequential and "
            f"backbones.Residual, or use --backend learn2learn or --backend higher."
        )
    own = {name: weights[prefix + name] for name, _ in module.named_parameters()}
    maps = values.permute(0, 1, 4, 2, 3) if values.ndim == 5 else values
    call = vmap(
        lambda weights, x: functional_call(module, weights, (x,)),
        randomness="different",
    )
    result = call(own, maps)
    return result.permute(0, 1, 3, 4, 2) if result.ndim == 5 else result


RULES: dict[type[nn.Module], Callable[..., Tensor]] = {
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


def laid_out(module: nn.Module, parameter: Tensor) -> Tensor:
    """A parameter in the layout that rules take, see `taskwise.task_weights`."""
    if isinstance(module, nn.Conv2d) and parameter.ndim == 4:
        return parameter.permute(2, 3, 1, 0).reshape(-1, len(parameter))
    if isinstance(module, nn.Linear) and parameter.ndim == 2:
        return parameter.T
    return (
        parameter[None]
        if type(module) in RULES or isinstance(module, _BatchNorm)
        else parameter
    )

"""Run one network for many tasks at once, each task with weights of its own.

What torch.vmap over torch.func.functional_call does, with rules by hand for the layers of few-shot
networks: maps are channels-last, a convolution is one matrix product over all images of a task, and
batch norm has exact second derivatives (see taskwise_functions). Others go through torch.vmap.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from .backbones import Residual
from .learner import BaselineError
from .taskwise_functions import Window, columns, norm_relu, product, widened

Weights = dict[str, Tensor]
Moments = tuple[Tensor, Tensor]  # mean and variance of a batch norm, each (n_tasks, 1, C)
# A first convolution that sees more than this is no longer cheaper through its covariance.
_STEM_COLUMNS = 32


class Layer(NamedTuple):
    """A module that is called as a whole, and the prefix of its weights' names."""

    prefix: str
    module: nn.Module


@dataclass(eq=False)
class TaskImages:
    """Images, or features of images, of many tasks.

    values: float (n_tasks, n, H, W, C) or (n_tasks, n, features)
    """

    values: Tensor
    # Columns, their mean and covariance under a first convolution: the same at each inner step.
    stems: dict[Window, "_Stem"] = field(default_factory=dict)


@dataclass(eq=False)
class Norms:
    """Whose statistics batch norm takes: those of the images that pass together; of each image
    alone; or `given` ones. `record` keeps what was taken."""

    each_image: bool = False
    given: Iterator[Moments] | None = None
    record: list[Moments] | None = None

    @property
    def plain(self) -> bool:
        return not self.each_image and self.given is None and self.record is None


def layers_of(network: nn.Module, prefix: str = "") -> list[Layer]:
    """The layers of a network in the order of their calls."""
    if type(network) is not nn.Sequential:
        return [Layer(prefix, network)]
    children = network.named_children()
    return [layer for name, child in children for layer in layers_of(child, f"{prefix}{name}.")]


def task_weights(layers: Iterable[Layer], n_tasks: int) -> Weights:
    """The parameters once for each task (not copied), laid out as `run` needs them.

    Convolutions and linear layers: (n_tasks, inputs, outputs); scales, shifts and biases:
    (n_tasks, 1, channels); of a layer without a rule: as it has them. Gradients flow to them.
    """
    weights: Weights = {}
    for prefix, module in layers:
        if isinstance(module, Residual):
            weights |= task_weights(_branch(prefix, module.body, "body."), n_tasks)
            weights |= task_weights(_branch(prefix, module.shortcut, "shortcut."), n_tasks)
            continue
        for name, parameter in module.named_parameters():
            value = _laid_out(module, parameter)
            weights[prefix + name] = value.expand(n_tasks, *value.shape)
    return weights


def run(
    layers: Sequence[Layer], weights: Weights, images: TaskImages, norms: Norms | None = None
) -> Tensor:
    """What the layers make of the images of every task: float (n_tasks, n, ...)

    Raises BaselineError for a batch norm inside a module that has no rule here.
    """
    norms = norms or Norms()
    values, i = images.values, 0
    while i < len(layers):
        (prefix, module), rest = layers[i], layers[i + 1 :]
        if i == 0 and norms.plain and _has_stem(module, rest, images):
            values = _stem(layers[:2], weights, images)
            relu = _is_relu(layers, 2)
            values = values.relu_() if relu else values
            i += 2 + relu
        elif isinstance(module, _BatchNorm):
            relu = _is_relu(layers, i + 1)
            values = _batch_norm(module, prefix, weights, values, norms, relu)
            i += 1 + relu
        elif isinstance(module, Residual):
            values = _residual(module, prefix, weights, values, norms)
            i += 1
        else:
            values = _RULES.get(type(module), _by_vmap)(module, prefix, weights, values)
            i += 1
    return values


def _is_relu(layers: Sequence[Layer], i: int) -> bool:
    return i < len(layers) and type(layers[i].module) is nn.ReLU


def _laid_out(module: nn.Module, parameter: Tensor) -> Tensor:
    if isinstance(module, nn.Conv2d) and parameter.ndim == 4:
        return parameter.permute(2, 3, 1, 0).reshape(-1, len(parameter))
    if isinstance(module, nn.Linear) and parameter.ndim == 2:
        return parameter.T
    return (
        parameter[None] if type(module) in _RULES or isinstance(module, _BatchNorm) else parameter
    )


def _branch(prefix: str, branch: nn.Module, name: str) -> list[Layer]:
    return layers_of(branch, prefix + name)


def _residual(
    module: Residual, prefix: str, weights: Weights, values: Tensor, norms: Norms
) -> Tensor:
    parts = (module.body, "body."), (module.shortcut, "shortcut.")
    images = TaskImages(values)
    body, shortcut = (run(_branch(prefix, *part), weights, images, norms) for part in parts)
    return functional.leaky_relu(body + shortcut, 0.1)


def _convolution(module: nn.Conv2d, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    window = _window(module)
    if not torch.is_grad_enabled():
        # Query images are many: then one call for each task beats writing out the columns.
        pairs = zip(values, weights[prefix + "weight"], strict=True)
        maps = torch.stack([_convolved(images, weight, window) for images, weight in pairs])
        return maps + weights[prefix + "bias"] if prefix + "bias" in weights else maps
    seen = columns(values.flatten(0, 1), window)
    rows = seen.reshape(len(values), -1, seen.shape[-1])
    result = _affine(rows, prefix, weights)
    return result.reshape(*values.shape[:2], *seen.shape[1:3], -1)


def _convolved(images: Tensor, weight: Tensor, window: Window) -> Tensor:
    """One task's convolution without a graph: (n, H, W, C), (size * size * C, O) -> (n, H', W', O)"""
    kernel = weight.unflatten(0, (window.size, window.size, -1)).permute(3, 2, 0, 1)
    maps = images.permute(0, 3, 1, 2)
    padding = window.size // 2
    return functional.conv2d(maps, kernel, None, window.stride, padding).permute(0, 2, 3, 1)


def _linear(module: nn.Linear, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    del module
    return _affine(values, prefix, weights)


def _affine(rows: Tensor, prefix: str, weights: Weights) -> Tensor:
    result = product(rows, weights[prefix + "weight"])
    return result + weights[prefix + "bias"] if prefix + "bias" in weights else result


def _window(module: nn.Conv2d) -> Window:
    size, stride = module.kernel_size[0], module.stride[0]
    usual = nn.Conv2d(1, 1, size, stride, padding=size // 2)
    names = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
    if size % 2 == 0 or any(getattr(module, name) != getattr(usual, name) for name in names):
        raise BaselineError(
            f"{module}: the native engine knows square windows of odd size, padded by half of it. "
            f"Use --backend learn2learn or --backend higher for this network."
        )
    return Window(size, stride)


def _max_pool(module: nn.MaxPool2d, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    del prefix, weights
    maps = values.flatten(0, 1).permute(0, 3, 1, 2)  # channels-last in memory
    pooled = module(maps).permute(0, 2, 3, 1)
    return pooled.reshape(*values.shape[:2], *pooled.shape[1:])


def _average(module: nn.AdaptiveAvgPool2d, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    if module.output_size not in (1, (1, 1)):
        return _by_vmap(module, prefix, weights, values)
    return values.mean((2, 3), keepdim=True)


def _flatten(module: nn.Flatten, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    """In the order of the module, whose maps have their channels first."""
    del module, prefix, weights
    return values.permute(0, 1, 4, 2, 3).flatten(2) if values.ndim == 5 else values


def _unflatten(module: nn.Unflatten, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    del prefix, weights
    maps = values.reshape(*values.shape[:2], *module.unflattened_size)
    return maps.permute(0, 1, 3, 4, 2)


def _pointwise(module: nn.Module, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    del prefix, weights
    return module(values)


def _by_vmap(module: nn.Module, prefix: str, weights: Weights, values: Tensor) -> Tensor:
    """Any other module, images (n, C, H, W) or features (n, d) in and out."""
    if any(isinstance(child, _BatchNorm) for child in module.modules()):
        raise BaselineError(
            f"{type(module).__name__} holds a batch norm, of which torch.vmap gives wrong second "
            f"derivatives. Build the network of nn.Sequential and backbones.Residual, or use "
            f"--backend learn2learn or --backend higher."
        )
    own = {name: weights[prefix + name] for name, _ in module.named_parameters()}
    maps = values.permute(0, 1, 4, 2, 3) if values.ndim == 5 else values
    call = vmap(lambda weights, x: functional_call(module, weights, (x,)), randomness="different")
    result = call(own, maps)
    return result.permute(0, 1, 3, 4, 2) if result.ndim == 5 else result


Rule = Callable[..., Tensor]
_RULES: dict[type[nn.Module], Rule] = {
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


def _batch_norm(
    module: _BatchNorm, prefix: str, weights: Weights, values: Tensor, norms: Norms, relu: bool
) -> Tensor:
    n_tasks, n = values.shape[:2]
    groups = n_tasks * n if norms.each_image else n_tasks
    rows = widened(values.reshape(groups, -1, values.shape[-1]))
    scale, shift = (weights[prefix + name] for name in ("weight", "bias"))
    if norms.each_image:
        scale, shift = (one.repeat_interleave(n, 0) for one in (scale, shift))
    if norms.record is not None:
        variance, mean = torch.var_mean(rows, 1, correction=0, keepdim=True)
        norms.record.append((mean, variance))
    if norms.given is None:
        result = norm_relu(rows, scale, shift, module.eps, relu)
    else:
        mean, variance = next(norms.given)
        slope = scale * torch.rsqrt(variance + module.eps)
        result = torch.addcmul(shift - mean * slope, rows, slope)
        result = result.clamp_min_(0) if relu else result
    return result.reshape(values.shape)


class _Stem:
    """The columns of images under a window, with a one after each, and their covariance."""

    def __init__(self, values: Tensor, window: Window) -> None:
        seen = columns(values.flatten(0, 1), window)
        self.shape = (*values.shape[:2], *seen.shape[1:3], -1)
        rows = seen.reshape(len(values), -1, seen.shape[-1])
        self.mean = rows.mean(1, keepdim=True)
        centred = rows - self.mean
        self.covariance = torch.bmm(centred.mT, centred) / rows.shape[1]
        self.rows = torch.cat([rows, torch.ones_like(rows[..., :1])], dim=-1)


def _has_stem(module: nn.Module, rest: Sequence[Layer], images: TaskImages) -> bool:
    if not isinstance(module, nn.Conv2d) or module.bias is not None or images.values.requires_grad:
        return False
    few = module.in_channels * module.kernel_size[0] ** 2 <= _STEM_COLUMNS
    return few and bool(rest) and isinstance(rest[0].module, _BatchNorm)


def _stem(layers: Sequence[Layer], weights: Weights, images: TaskImages) -> Tensor:
    """First convolution and batch norm as one product: few columns tell its statistics exactly.

    The mean of w'x is w' mean(x) and its variance w' covariance(x) w.
    """
    (first, convolution), (second, norm) = layers
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, _BatchNorm)
    window = _window(convolution)
    with torch.autocast(images.values.device.type, enabled=False):
        if window not in images.stems:
            images.stems[window] = _Stem(images.values, window)
        stem, weight = images.stems[window], weights[first + "weight"]
        variance = (torch.bmm(stem.covariance, weight) * weight).sum(1, keepdim=True)
        slope = weights[second + "weight"] * torch.rsqrt(variance + norm.eps)
        shift = weights[second + "bias"] - torch.bmm(stem.mean, weight) * slope
        folded = torch.cat([weight * slope, shift], dim=1)
    return product(stem.rows, folded).reshape(stem.shape)

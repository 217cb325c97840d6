"""Run one network for many tasks at once, each task with weights of its own.

What torch.vmap over torch.func.functional_call does, with rules by hand for the layers of few-shot
networks: maps are channels-last, a convolution is one matrix product over all images of a task, and
batch norm has exact second derivatives (see taskwise_functions). Others go through torch.vmap.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ..backbones import Residual
from ..learner import BaselineError
from .taskwise_functions import Window, columns, norm_relu, product, widened
from .taskwise_layers import RULES, Weights, by_vmap, laid_out, window_of

Moments = tuple[
    Tensor, Tensor
]  # mean and variance of a batch norm, each (n_tasks, 1, C)
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
    return [
        layer
        for name, child in children
        for layer in layers_of(child, f"{prefix}{name}.")
    ]


def task_weights(layers: Iterable[Layer], n_tasks: int) -> Weights:
    """The parameters once for each task (not copied), laid out as `run` needs them.

    Convolutions and linear layers: (n_tasks, inputs, outputs); scales, shifts and biases:
    (n_tasks, 1, channels); of a layer without a rule: as it has them. Gradients flow to them.
    Raises BaselineError for a batch norm that `run` would get wrong.
    """
    weights: Weights = {}
    for prefix, module in layers:
        if isinstance(module, Residual):
            weights |= task_weights(_branch(prefix, module.body, "body."), n_tasks)
            weights |= task_weights(
                _branch(prefix, module.shortcut, "shortcut."), n_tasks
            )
            continue
        _refuse_other_norms(module)
        for name, parameter in module.named_parameters():
            value = laid_out(module, parameter)
            weights[prefix + name] = value.expand(n_tasks, *value.shape)
    return weights


def _refuse_other_norms(module: nn.Module) -> None:
    if isinstance(module, _BatchNorm) and (
        not module.affine or module.track_running_stats
    ):
        raise BaselineError(
            f"{module}: the native engine knows batch norm with scale and shift and without "
            f"running averages (backbones.batch_norm). Use --backend learn2learn or higher."
        )


def run(
    layers: Sequence[Layer],
    weights: Weights,
    images: TaskImages,
    norms: Norms | None = None,
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
            values = RULES.get(type(module), by_vmap)(module, prefix, weights, values)
            i += 1
    return values


def _is_relu(layers: Sequence[Layer], i: int) -> bool:
    return i < len(layers) and type(layers[i].module) is nn.ReLU


def _branch(prefix: str, branch: nn.Module, name: str) -> list[Layer]:
    return layers_of(branch, prefix + name)


def _residual(
    module: Residual, prefix: str, weights: Weights, values: Tensor, norms: Norms
) -> Tensor:
    parts = (module.body, "body."), (module.shortcut, "shortcut.")
    images = TaskImages(values)
    body, shortcut = (
        run(_branch(prefix, *part), weights, images, norms) for part in parts
    )
    return functional.leaky_relu(body + shortcut, 0.1)


def _batch_norm(
    module: _BatchNorm,
    prefix: str,
    weights: Weights,
    values: Tensor,
    norms: Norms,
    relu: bool,
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
    if (
        not isinstance(module, nn.Conv2d)
        or module.bias is not None
        or images.values.requires_grad
    ):
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
    window = window_of(convolution)
    with torch.autocast(images.values.device.type, enabled=False):
        if window not in images.stems:
            images.stems[window] = _Stem(images.values, window)
        stem, weight = images.stems[window], weights[first + "weight"]
        variance = (torch.bmm(stem.covariance, weight) * weight).sum(1, keepdim=True)
        slope = weights[second + "weight"] * torch.rsqrt(variance + norm.eps)
        shift = weights[second + "bias"] - torch.bmm(stem.mean, weight) * slope
        folded = torch.cat([weight * slope, shift], dim=1)
    return product(stem.rows, folded).reshape(stem.shape)

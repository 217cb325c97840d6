"""Run one network for many tasks at once, where each task has its own weights.

The outputs are the same as those of torch.vmap over torch.func.functional_call. But each
usual layer of few-shot networks is computed by a function written by hand, which is called
its rule (see taskwise_layers). Maps are channels-last. In training, a convolution is one
matrix product over all images of a task. Batch norm has exact second derivatives (see
taskwise_norm_relu). Layers without a rule run in torch.vmap.
"""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ..backbones import Residual
from ..learner import BaselineError
from .taskwise_layers import RULES, Layer, Weights, by_vmap, laid_out
from .taskwise_statistics import Norms, normalise
from .taskwise_stem import TaskImages, has_stem, run_stem


def layers_of(network: nn.Module, prefix: str = "") -> list[Layer]:
    """Return the layers of a network in the order of their calls.

    prefix: what the names of the parameters start with
    """
    if type(network) is not nn.Sequential:
        return [Layer(prefix, network)]
    layers: list[Layer] = []
    for name, child in network.named_children():
        layers += layers_of(child, f"{prefix}{name}.")
    return layers


def task_weights(layers: Iterable[Layer], n_tasks: int) -> Weights:
    """Return the weights for `run`: the same parameters for each task, as views.

    The shapes are (n_tasks, inputs, outputs) for weights of convolutions and linear
    layers, (n_tasks, 1, channels) for scales, shifts and biases, and (n_tasks, *own
    shape) for parameters of a layer without a rule. Gradients flow back to the
    parameters.
    Raises BaselineError if a batch norm has no scale and shift or has running averages.
    """
    weights: Weights = {}
    for layer in layers:
        if isinstance(layer.module, Residual):
            for branch in _branches(layer.prefix, layer.module):
                weights |= task_weights(branch, n_tasks)
            continue
        _refuse_other_norms(layer.module)
        for name, parameter in layer.module.named_parameters():
            value = laid_out(layer.module, parameter)
            weights[layer.prefix + name] = value.expand(n_tasks, *value.shape)
    return weights


def run(
    layers: Sequence[Layer],
    weights: Weights,
    images: TaskImages,
    norms: Norms | None = None,
) -> Tensor:
    """Return the output of the last layer for all tasks: float (n_tasks, n, ...)

    norms: the statistics of batch norms; None for the default statistics
    Raises BaselineError if a convolution is unusual (see `window_of`), or a module
    without a rule contains a batch norm.
    """
    norms = norms or Norms()
    values = images.values
    i = 0
    if norms.plain and has_stem(layers, images):
        values = run_stem(layers, weights, images)
        i = 2
        if _is_relu(layers, i):
            values = values.relu_()
            i += 1
    while i < len(layers):
        prefix, module = layers[i]
        i += 1
        if isinstance(module, _BatchNorm):
            # A ReLU after the norm is computed together with the norm.
            relu = _is_relu(layers, i)
            values = normalise(module, prefix, weights, values, norms, relu)
            i += relu
        elif isinstance(module, Residual):
            values = _run_residual(module, prefix, weights, values, norms)
        else:
            rule = RULES.get(type(module), by_vmap)
            values = rule(module, prefix, weights, values)
    return values


def _run_residual(
    module: Residual,
    prefix: str,
    weights: Weights,
    values: Tensor,
    norms: Norms,
) -> Tensor:
    images = TaskImages(values)
    body_layers, shortcut_layers = _branches(prefix, module)
    body = run(body_layers, weights, images, norms)
    shortcut = run(shortcut_layers, weights, images, norms)
    return functional.leaky_relu(body + shortcut, 0.1)


def _branches(prefix: str, module: Residual) -> tuple[list[Layer], list[Layer]]:
    body = layers_of(module.body, f"{prefix}body.")
    shortcut = layers_of(module.shortcut, f"{prefix}shortcut.")
    return body, shortcut


def _is_relu(layers: Sequence[Layer], i: int) -> bool:
    return i < len(layers) and type(layers[i].module) is nn.ReLU


def _refuse_other_norms(module: nn.Module) -> None:
    if not isinstance(module, _BatchNorm):
        return
    if module.affine and not module.track_running_stats:
        return
    raise BaselineError(
        f"{module}: the native engine cannot run this batch norm: expected a scale, a "
        f"shift and no running averages, as in backbones.batch_norm. Use --backend "
        f"learn2learn or --backend higher"
    )

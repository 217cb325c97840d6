"""How much memory one image takes on its way through a network: what bounds a chunk of tasks."""

import copy

import torch
from torch import Tensor, nn

from ..backbones import Shape

_BYTES = 4  # of a float32


def bytes_of_image(network: nn.Module, shape: Shape, graph: bool) -> int:
    """What the layers hold for one image of shape (H, W, C): their outputs, and for a graph the
    columns that the native engine's convolutions keep for their derivatives."""
    held = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal held
        held += output[0].numel()
        if graph and isinstance(module, nn.Conv2d):
            positions = output.shape[-2] * output.shape[-1]
            held += positions * module.kernel_size[0] ** 2 * inputs[0].shape[1]

    probed = copy.deepcopy(network)
    for module in probed.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    dtype = next(probed.parameters()).dtype
    device = next(probed.parameters()).device
    with torch.no_grad():
        probed(torch.zeros(2, shape[2], *shape[:2], dtype=dtype, device=device))
    return held * _BYTES

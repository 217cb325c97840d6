"""Adam's moments as named tensors of a checkpoint, and back, bit by bit."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_PREFIX = "adam/"


def moments(optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter]):
    """The state of each parameter as 'adam/<parameter>/<name>'."""
    return {
        f"{_PREFIX}{name}/{key}": value
        for name, parameter in parameters.items()
        for key, value in optimizer.state[parameter].items()
    }


def load_moments(
    optimizer: torch.optim.Optimizer,
    parameters: Mapping[str, nn.Parameter],
    tensors: Mapping[str, Tensor],
) -> None:
    """Give the optimiser the state that `moments` named."""
    for name, parameter in parameters.items():
        prefix = f"{_PREFIX}{name}/"
        optimizer.state[parameter] = {
            key.removeprefix(prefix): _laid_out_like(parameter, value)
            for key, value in tensors.items()
            if key.startswith(prefix)
        }


def weights_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a checkpoint that are the network's."""
    return {
        name: value for name, value in tensors.items() if not name.startswith(_PREFIX)
    }


def _laid_out_like(parameter: Tensor, value: Tensor) -> Tensor:
    """Moments in the memory order of their parameter: the order of a sum changes its last bits."""
    if value.ndim == 0:
        return value.to(parameter.device)
    return torch.empty_like(parameter).copy_(value)

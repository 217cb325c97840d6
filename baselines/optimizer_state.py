"""Save Adam's moments as named tensors of a checkpoint, and restore them exactly."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_PREFIX = "adam/"
# Names of tensors that belong to the progress of a run, see `run_folder`.
PROGRESS_PREFIX = "progress/"


def moments(
    optimizer: torch.optim.Optimizer,
    parameters: Mapping[str, nn.Parameter],
) -> dict[str, Tensor]:
    """Return the tensors in Adam's state, named "adam/<parameter>/<key>".

    parameters: the trained parameters, by name
    """
    found = {}
    for name, parameter in parameters.items():
        state = optimizer.state[parameter]
        for key, value in state.items():
            full_name = f"{_PREFIX}{name}/{key}"
            found[full_name] = value
    return found


def load_moments(
    optimizer: torch.optim.Optimizer,
    parameters: Mapping[str, nn.Parameter],
    tensors: Mapping[str, Tensor],
) -> None:
    """Restore Adam's state from the tensors that `moments` returned.

    parameters: the trained parameters, by name
    tensors: all tensors of a checkpoint; tensors that are not moments are ignored
    """
    for name, parameter in parameters.items():
        prefix = f"{_PREFIX}{name}/"
        state = {}
        for full_name, value in tensors.items():
            if not full_name.startswith(prefix):
                continue
            key = full_name.removeprefix(prefix)
            state[key] = _laid_out_like(parameter, value)
        optimizer.state[parameter] = state


def weights_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint that belong to the network, not to its training."""
    weights = {}
    for name, value in tensors.items():
        if not name.startswith((_PREFIX, PROGRESS_PREFIX)):
            weights[name] = value
    return weights


def _laid_out_like(parameter: Tensor, value: Tensor) -> Tensor:
    """Return the value with the parameter's device and memory layout.

    With another layout, sums would be computed in another order and differ in the last
    bits.
    """
    if value.ndim == 0:
        return value.to(parameter.device)
    result = torch.empty_like(parameter)
    return result.copy_(value)


def trained_parameters(network: nn.Module) -> dict[str, nn.Parameter]:
    """Return the trainable parameters of a network, by name."""
    trained = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            trained[name] = parameter
    return trained

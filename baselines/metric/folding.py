"""Networks made ready for inference: norms folded away, memory laid out for convolutions."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(module: nn.Module) -> nn.Module:
    """A copy for inference: eval mode, channels-last, each batch norm folded into its convolution.

    Only pairs that follow one another in an nn.Sequential are folded: elsewhere the order of
    calls cannot be seen from outside. Other modules keep their running statistics.
    """
    module = copy.deepcopy(module).eval()
    _fold_pairs(module)
    return module.to(memory_format=torch.channels_last).requires_grad_(False)


def _fold_pairs(module: nn.Module) -> None:
    for child in module.children():
        _fold_pairs(child)
    # A subclass may call its children in another order.
    if (
        not isinstance(module, nn.Sequential)
        or type(module).forward is not nn.Sequential.forward
    ):
        return
    for i in range(len(module) - 1):
        convolution, norm = module[i], module[i + 1]
        if not isinstance(convolution, nn.Conv2d) or not isinstance(
            norm, nn.BatchNorm2d
        ):
            continue
        if norm.track_running_stats:
            module[i] = fuse_conv_bn_eval(convolution, norm)
            module[i + 1] = nn.Identity()

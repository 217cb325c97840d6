"""Backbones, with everything that other libraries leave unsaid written out."""

import copy
import itertools

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def conv4(in_channels: int, width: int = 64) -> nn.Sequential:
    """Four blocks of 3x3 convolution, batch norm, ReLU and 2x2 max-pool, flattened.

    28 px give `width` features, 84 px give 25 * `width` (Snell et al. 2017, section 3.1).
    float32 (n, in_channels, H, W) in 0..1 -> float32 (n, features)
    """
    channels = [in_channels, width, width, width, width]
    blocks = [_block(*pair) for pair in itertools.pairwise(channels)]
    return nn.Sequential(*blocks, nn.Flatten())


def _block(in_channels: int, out_channels: int) -> nn.Sequential:
    # Batch norm cancels a bias of the convolution, so there is none. ReLU after the pool gives the
    # same values and gradients as before it, on a quarter of the elements.
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, eps=1e-5, momentum=0.1),
        nn.MaxPool2d(2),
        nn.ReLU(),
    )


BACKBONES = {"conv4": conv4}


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
    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        return
    for i in range(len(module) - 1):
        convolution, norm = module[i], module[i + 1]
        if not isinstance(convolution, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
            continue
        if norm.track_running_stats:
            module[i] = fuse_conv_bn_eval(convolution, norm)
            module[i + 1] = nn.Identity()


def to_input(images: Tensor) -> Tensor:
    """uint8 (n, H, W, C) -> float32 (n, C, H, W) in 0..1, channels-last in memory"""
    return images.permute(0, 3, 1, 2).float().div_(255)

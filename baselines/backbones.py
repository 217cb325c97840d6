"""Backbones, with everything that other libraries leave unsaid written out.

Two families of batch norm. `running_norm`: statistics of the batch in training, running averages
at test, scale and shift learned (as ProtoNet's authors). `batch_norm`: statistics of the batch
always, no averages kept, no scale (as MAML's authors, whose TensorFlow layer had none, and eps
1e-3). Weights of convolutions: PyTorch's default, U(-b, b) with b = 1 / sqrt(fan_in), in the first
family; Glorot's uniform in the second. No convolution has a bias: batch norm would cancel it.
"""

import copy
import itertools
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

Norm = Callable[[int], nn.Module]
Shape = tuple[int, int, int]
_WIDTHS = 1, 2.5, 5, 10  # of resnet12's blocks, times `width` (Lee et al. 2019)


def running_norm(channels: int) -> nn.Module:
    """Batch statistics in training, running averages at test: images are embedded one by one."""
    return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)


def batch_norm(channels: int) -> nn.Module:
    """Batch statistics always: what an image gives depends on the images beside it."""
    norm = nn.BatchNorm2d(channels, eps=1e-3, track_running_stats=False)
    norm.weight.requires_grad_(False)  # one, and stays one
    return norm


def conv4(shape: Shape, width: int, norm: Norm = running_norm) -> nn.Sequential:
    """Four blocks of 3x3 convolution, batch norm, ReLU and 2x2 max-pool, flattened.

    28 px give `width` features, 84 px give 25 * `width` (Snell et al. 2017, section 3.1; with 32
    channels Finn et al. 2017, appendix A.1, for miniImageNet).
    float32 (n, C, H, W) in 0..1 -> float32 (n, features)
    """
    # ReLU after the pool gives the same values and gradients as before it, on a quarter of the
    # elements.
    blocks = [
        nn.Sequential(_conv(n_in, n_out), norm(n_out), nn.MaxPool2d(2), nn.ReLU())
        for n_in, n_out in _channels(shape, width)
    ]
    return nn.Sequential(*blocks, nn.Flatten())


def conv4_strided(shape: Shape, width: int, norm: Norm = running_norm) -> nn.Sequential:
    """Four blocks of 3x3 convolution with stride 2, batch norm and ReLU; the mean over the map.

    28 px give maps of 14, 7, 4 and 2 px, and `width` features (Finn et al. 2017, appendix A.1, and
    cbfinn/maml, maml.py, for Omniglot).
    float32 (n, C, H, W) in 0..1 -> float32 (n, width)
    """
    blocks = [
        nn.Sequential(_conv(n_in, n_out, stride=2), norm(n_out), nn.ReLU())
        for n_in, n_out in _channels(shape, width)
    ]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def mlp(shape: Shape, width: int, norm: Norm = running_norm) -> nn.Sequential:
    """Hidden layers of 256, 128, 64 and 64 units (width 64) with batch norm and ReLU.

    Finn et al. 2017, appendix A.1: the non-convolutional network for Omniglot.
    float32 (n, C, H, W) in 0..1 -> float32 (n, width)
    """
    sizes = [shape[0] * shape[1] * shape[2], 4 * width, 2 * width, width, width]
    layers: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in itertools.pairwise(sizes):
        # As 1x1 maps, so that one kind of norm serves all backbones.
        layers += [nn.Linear(n_in, n_out, bias=False), nn.Unflatten(1, (n_out, 1, 1))]
        layers += [norm(n_out), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """The sum of two branches, then LeakyReLU(0.1)."""

    def __init__(self, body: nn.Sequential, shortcut: nn.Sequential) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.leaky_relu(self.body(x) + self.shortcut(x), 0.1)


def resnet12(shape: Shape, width: int, norm: Norm = running_norm) -> nn.Sequential:
    """Four residual blocks of three 3x3 convolutions, each then halved by max-pool; the mean.

    Channels 64, 160, 320, 640 for width 64, LeakyReLU(0.1) (Lee et al. 2019, section 4.1), without
    their DropBlock.
    float32 (n, C, H, W) in 0..1 -> float32 (n, 10 * width)
    """
    channels = [shape[2], *(int(factor * width) for factor in _WIDTHS)]
    blocks = [
        nn.Sequential(_residual(*pair, norm), nn.MaxPool2d(2))
        for pair in itertools.pairwise(channels)
    ]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())


BACKBONES = {
    "conv4": conv4,
    "conv4-strided": conv4_strided,
    "mlp": mlp,
    "resnet12": resnet12,
}


def n_features(backbone: nn.Module, shape: Shape) -> int:
    """How many features the backbone gives for images of shape (H, W, C)."""
    with torch.no_grad():  # on a copy: running averages must not see it
        return copy.deepcopy(backbone)(torch.zeros(2, shape[2], *shape[:2])).shape[1]


def initialise_glorot(network: nn.Module) -> None:
    """Draw every weight from Glorot's uniform distribution and set shifts and biases to zero."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _channels(shape: Shape, width: int) -> Iterable[tuple[int, int]]:
    return itertools.pairwise([shape[2], width, width, width, width])


def _conv(n_in: int, n_out: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, size, stride, padding=size // 2, bias=False)


def _residual(n_in: int, n_out: int, norm: Norm) -> Residual:
    first = [_conv(n_in, n_out), norm(n_out), nn.LeakyReLU(0.1)]
    second = [_conv(n_out, n_out), norm(n_out), nn.LeakyReLU(0.1)]
    third = [_conv(n_out, n_out), norm(n_out)]
    shortcut = nn.Sequential(_conv(n_in, n_out, size=1), norm(n_out))
    return Residual(nn.Sequential(*first, *second, *third), shortcut)


def to_input(images: Tensor) -> Tensor:
    """uint8 (n, H, W, C) -> float32 (n, C, H, W) in 0..1, channels-last in memory"""
    return images.permute(0, 3, 1, 2).float().div_(255)

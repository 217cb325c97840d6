"""The networks that embed images (backbones), with their norms and starting weights.

A backbone has one of two kinds of batch norm:
- `running_norm`, used by the authors of ProtoNet. It uses batch statistics in training
  and running averages at test. Its scale and shift are learned. Convolutions start from
  PyTorch's default, the uniform distribution U(-b, b) with b = 1 / sqrt(fan_in).
- `batch_norm`, used by the authors of MAML. It always uses batch statistics and keeps
  no running averages. It has no scale, because the authors' TensorFlow layer had none.
  Its eps is 1e-3. Convolutions start from Glorot's uniform distribution.
Convolutions have no bias, because batch norm would cancel it.
"""

import copy
import itertools
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from .learner import BaselineError

Norm = Callable[[int], nn.Module]
Shape = tuple[int, int, int]

# Channels of resnet12's blocks, as multiples of `width` (Lee et al. 2019).
_RESNET12_FACTORS = 1, 2.5, 5, 10
# Four 2x2 max-pools leave a single pixel of images of this height or width.
_LEAST_SIDE = 2**4


def running_norm(channels: int) -> nn.Module:
    """Return a batch norm that uses running averages at test.

    In training, it uses batch statistics. At test, the embedding of an image does not
    depend on other images.
    """
    return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Return a batch norm with batch statistics both in training and at test.

    The embedding of an image depends on the other images in the batch, even at test.
    """
    norm = nn.BatchNorm2d(channels, eps=1e-3, track_running_stats=False)
    # The scale is 1 and is never trained.
    norm.weight.requires_grad_(False)
    return norm


def conv4(
    shape: Shape,
    width: int,
    norm: Norm = running_norm,
) -> nn.Sequential:
    """Return four blocks of 3x3 convolution, batch norm, ReLU and 2x2 max-pool.

    The output is flattened. Images of 28 px give `width` features, images of 84 px give
    25 * `width` features.
    Sources: Snell et al. 2017, section 3.1; Finn et al. 2017, appendix A.1 (32 channels,
    for miniImageNet).
    float32 (n, C, H, W) in 0..1 -> float32 (n, features)
    Raises BaselineError for images of less than 16 px.
    """
    _check_side("conv4", shape)
    layers = []
    for n_in, n_out in _channels(shape, width):
        convolution = _convolution(n_in, n_out)
        # ReLU and max-pool can be swapped without changing values or gradients. ReLU
        # then runs on a quarter of the elements.
        block = nn.Sequential(
            convolution,
            norm(n_out),
            nn.MaxPool2d(2),
            nn.ReLU(),
        )
        layers.append(block)
    layers.append(nn.Flatten())
    return nn.Sequential(*layers)


def conv4_strided(
    shape: Shape,
    width: int,
    norm: Norm = running_norm,
) -> nn.Sequential:
    """Return four blocks of 3x3 convolution with stride 2, batch norm and ReLU.

    The output is the mean over all positions. Images of 28 px give maps of 14, 7, 4 and
    2 px, and `width` features.
    Source: Finn et al. 2017, appendix A.1, and cbfinn/maml, maml.py, for Omniglot.
    float32 (n, C, H, W) in 0..1 -> float32 (n, width)
    """
    layers = []
    for n_in, n_out in _channels(shape, width):
        convolution = _convolution(n_in, n_out, stride=2)
        block = nn.Sequential(
            convolution,
            norm(n_out),
            nn.ReLU(),
        )
        layers.append(block)
    layers.append(nn.AdaptiveAvgPool2d(1))
    layers.append(nn.Flatten())
    return nn.Sequential(*layers)


def mlp(
    shape: Shape,
    width: int,
    norm: Norm = running_norm,
) -> nn.Sequential:
    """Return four fully connected layers, each with batch norm and ReLU.

    At width 64, the layers have 256, 128, 64 and 64 units.
    Source: Finn et al. 2017, appendix A.1, the non-convolutional network for Omniglot.
    float32 (n, C, H, W) in 0..1 -> float32 (n, width)
    """
    height, image_width, channels = shape
    n_pixels = height * image_width * channels
    sizes = [n_pixels, 4 * width, 2 * width, width, width]
    layers: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in itertools.pairwise(sizes):
        # The norms expect maps, so each unit becomes a map of 1x1 pixel before the
        # norm.
        layers += [
            nn.Linear(n_in, n_out, bias=False),
            nn.Unflatten(1, (n_out, 1, 1)),
            norm(n_out),
            nn.ReLU(),
            nn.Flatten(),
        ]
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """A residual block: LeakyReLU(0.1) of the sum of `body` and `shortcut`."""

    def __init__(self, body: nn.Sequential, shortcut: nn.Sequential) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        total = self.body(x) + self.shortcut(x)
        return nn.functional.leaky_relu(total, 0.1)


def resnet12(
    shape: Shape,
    width: int,
    norm: Norm = running_norm,
) -> nn.Sequential:
    """Return four residual blocks, each with three 3x3 convolutions and a 2x2 max-pool.

    The output is the mean over all positions. At width 64, the blocks have 64, 160, 320
    and 640 channels. The activation is LeakyReLU(0.1).
    Source: Lee et al. 2019, section 4.1. The paper's DropBlock is left out.
    float32 (n, C, H, W) in 0..1 -> float32 (n, 10 * width)
    Raises BaselineError for images of less than 16 px.
    """
    _check_side("resnet12", shape)
    channels = [shape[2]]
    for factor in _RESNET12_FACTORS:
        channels.append(int(factor * width))
    layers = []
    for n_in, n_out in itertools.pairwise(channels):
        layers.append(_residual_block(n_in, n_out, norm))
    layers.append(nn.AdaptiveAvgPool2d(1))
    layers.append(nn.Flatten())
    return nn.Sequential(*layers)


BACKBONES = {
    "conv4": conv4,
    "conv4-strided": conv4_strided,
    "mlp": mlp,
    "resnet12": resnet12,
}


def n_features(backbone: nn.Module, shape: Shape) -> int:
    """Return the number of features that a backbone gives for an image.

    shape: (H, W, C) of the image
    """
    height, width, channels = shape
    images = torch.zeros(2, channels, height, width)
    # A copy, because these images must not change the running averages.
    probed = copy.deepcopy(backbone)
    with torch.no_grad():
        features = probed(images)
    return features.shape[1]


def initialise_glorot(network: nn.Module) -> None:
    """Draw weights from Glorot's uniform distribution, and set biases to zero."""
    for module in network.modules():
        if not isinstance(module, nn.Conv2d | nn.Linear):
            continue
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def to_input(images: Tensor) -> Tensor:
    """Return images as input for a network.

    uint8 (n, H, W, C) -> float32 (n, C, H, W) in 0..1, channels-last in memory
    Images that are float32 already keep their values.
    """
    channels_first = images.permute(0, 3, 1, 2)
    if images.dtype != torch.uint8:
        return channels_first.float()
    return channels_first.float().div_(255)


def _check_side(name: str, shape: Shape) -> None:
    height, width, _ = shape
    side = min(height, width)
    if side < _LEAST_SIDE:
        raise BaselineError(
            f"backbone {name}: expected images of at least {_LEAST_SIDE} x {_LEAST_SIDE} "
            f"pixels, of which four max-pools leave one, got {height} x {width}. Choose "
            f"the backbone conv4-strided, or a dataset with larger images"
        )


def _channels(shape: Shape, width: int) -> Iterable[tuple[int, int]]:
    """Return the numbers of input and output channels for each of four blocks."""
    return itertools.pairwise([shape[2], width, width, width, width])


def _convolution(
    n_in: int,
    n_out: int,
    size: int = 3,
    stride: int = 1,
) -> nn.Conv2d:
    return nn.Conv2d(
        n_in,
        n_out,
        size,
        stride,
        padding=size // 2,
        bias=False,
    )


def _residual_block(
    n_in: int,
    n_out: int,
    norm: Norm,
) -> nn.Sequential:
    body = nn.Sequential(
        _convolution(n_in, n_out),
        norm(n_out),
        nn.LeakyReLU(0.1),
        _convolution(n_out, n_out),
        norm(n_out),
        nn.LeakyReLU(0.1),
        _convolution(n_out, n_out),
        norm(n_out),
    )
    shortcut = nn.Sequential(
        _convolution(n_in, n_out, size=1),
        norm(n_out),
    )
    return nn.Sequential(
        Residual(body, shortcut),
        nn.MaxPool2d(2),
    )

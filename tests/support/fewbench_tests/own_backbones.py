"""Networks of a user, as recipes name them: backbone = "fewbench_tests.own_backbones:small"."""

import torch
from torch import nn

from fewbench.baselines.backbones import batch_norm, running_norm


def small(image_shape: tuple[int, int, int], width: int) -> nn.Module:
    return _network(image_shape, width, running_norm(width))


def adaptable(image_shape: tuple[int, int, int], width: int) -> nn.Module:
    return _network(image_shape, width, batch_norm(width))


def of_parts(image_shape: tuple[int, int, int], width: int) -> nn.Module:
    """A network with a layer for which the native engine has no rule."""
    return _network(image_shape, width, nn.GroupNorm(2, width))


def maps(image_shape: tuple[int, int, int], width: int) -> nn.Module:
    return nn.Conv2d(image_shape[2], width, 3)


def failing(image_shape: tuple[int, int, int], width: int) -> nn.Module:
    raise ValueError(f"no network for {image_shape}")


def tensor(image_shape: tuple[int, int, int], width: int) -> object:
    return torch.zeros(width)


def _network(
    image_shape: tuple[int, int, int], width: int, norm: nn.Module
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(image_shape[2], width, 3, stride=2, padding=1),
        norm,
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
    )

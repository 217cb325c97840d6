"""Images of tasks in the two layouts that tests of `taskwise` compare."""

import torch

from fewbench.baselines.gradient.taskwise_stem import TaskImages

from .meta_tasks import NETWORKS

N_TASKS = 3
N_IMAGES = 4


def images_of(name: str) -> torch.Tensor:
    """Random images of the size that a network takes: (n_tasks, n, C, H, W)"""
    (height, width, channels), _ = NETWORKS[name]
    generator = torch.Generator().manual_seed(2)
    shape = (N_TASKS, N_IMAGES, channels, height, width)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def taskwise_images(images: torch.Tensor) -> TaskImages:
    return TaskImages(images.permute(0, 1, 3, 4, 2))

"""The nearest-centroid classifier on raw pixels, the simplest baseline.

It needs no training and no GPU.
"""

import numpy as np
import torch
from torch import Tensor

from ..learner import EmbeddingLearner, LearnerCard


class Centroid(EmbeddingLearner):
    """A learner that chooses the class whose mean support image is nearest."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.card = LearnerCard(
            "centroid", backbone="pixels", device=device, from_scratch=True
        )

    def embed(self, images: np.ndarray) -> Tensor:
        """Return the pixels as features.

        They stay uint8 until they are compared. In float32, they would take four times
        as much memory.
        """
        pixels = images.reshape(len(images), -1)
        return torch.from_numpy(pixels).to(self.device)

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        support = support_features / 255
        query = query_features / 255
        return super().classify(support, query)


def make(device: torch.device) -> Centroid:
    """Make the centroid learner for a device."""
    return Centroid(device.type)

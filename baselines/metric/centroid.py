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
        as much memory. Distances between integers are computed without rounding where it
        matters, so images that are equally far are known to be.
        """
        pixels = images.reshape(len(images), -1)
        return torch.from_numpy(pixels).to(self.device)

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        scores = super().classify(support_features, query_features)
        # As if the pixels had been values from 0 to 1.
        return scores / 255**2


def make(device: torch.device) -> Centroid:
    """Make the centroid learner for a device."""
    return Centroid(device.type)

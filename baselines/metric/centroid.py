"""Raw-pixel nearest centroid: needs no training and no GPU, the floor of every table."""

import numpy as np
import torch
from torch import Tensor

from ..learner import EmbeddingLearner, LearnerCard


class Centroid(EmbeddingLearner):
    """Assigns a query image to the class whose mean support image is nearest."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.card = LearnerCard(
            "centroid", backbone="pixels", device=device, from_scratch=True
        )

    def embed(self, images: np.ndarray) -> Tensor:
        """The pixels, as uint8 until they are compared: a quarter of float32's memory."""
        pixels = images.reshape(len(images), -1)
        return torch.from_numpy(pixels).to(self.device)

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        support = support_features / 255
        query = query_features / 255
        return super().classify(support, query)


def make(device: torch.device) -> Centroid:
    """The centroid learner on a device."""
    return Centroid(device.type)

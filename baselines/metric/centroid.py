"""Raw-pixel nearest centroid: no training, runs anywhere, the floor that every table shows."""

import numpy as np
import torch
from torch import Tensor

from ..learner import EmbeddingLearner, LearnerCard


class Centroid(EmbeddingLearner):
    """Assigns a query image to the class whose mean support image is nearest."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.card = LearnerCard("centroid", backbone="pixels", device=device)

    def embed(self, images: np.ndarray) -> Tensor:
        """Pixels stay uint8 until they are compared: a quarter of the memory."""
        return torch.from_numpy(images.reshape(len(images), -1)).to(self.device)

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        return super().classify(support_features / 255, query_features / 255)


def make(device: torch.device) -> Centroid:
    """The centroid learner on `device`."""
    return Centroid(device.type)

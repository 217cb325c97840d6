"""Prototypical Networks.

Source: Snell, Swersky, Zemel: Prototypical Networks for Few-shot Learning, 2017.

Differences from the paper:
1. The best validation accuracy selects the checkpoint. The paper uses the lowest
   validation loss, then trains again on the classes of train and val together
   (jakesnell/prototypical-networks, scripts/train).
2. Convolutions have no bias, since batch norm would cancel it.
3. Omniglot images are converted to grey levels, then resized with the filter that the
   dataset names. The authors' code resized one-bit images, for which Pillow always uses
   the filter NEAREST.
"""

from typing import Self

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from ...datasets.episodes import EpisodeSpec
from ..backbones import Shape, to_input
from ..config import OWN, Positive, TrainConfig, learner_card
from ..device.images import on_device
from ..distances import class_mean_scores, negative_squared_distances
from ..learner import EmbeddingLearner, LearnerCard
from ..own_backbone import make_backbone
from ..trained_learner import LossLearner
from .folding import folded


@dataclass(frozen=True, config=OWN)
class ProtoNetSettings:
    """The settings of ProtoNet in a recipe."""

    # The scores in the training loss are divided by it.
    temperature: Positive = 1.0


class ProtoNet(EmbeddingLearner, LossLearner):
    """A learner that compares query embeddings with the mean embedding of each class.

    network: float32 (n, C, H, W) in 0..1 -> float (n, d)
    temperature: the number by which the training loss divides the scores; it does not
        change which class is nearest
    """

    scores_are = "logits"
    table = "protonet"
    Settings = ProtoNetSettings

    def __init__(
        self,
        network: nn.Module,
        card: LearnerCard,
        temperature: float = 1.0,
    ) -> None:
        self.card = card
        self.temperature = temperature
        self.device = torch.device(card.device)
        network = network.to(self.device)
        self.network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's stub lacks it
        # The folded network for inference; None if training has changed the weights.
        self._inference: nn.Module | None = None

    @classmethod
    def make(
        cls,
        config: TrainConfig,
        image_shape: Shape,
        device: torch.device,
    ) -> Self:
        network = make_network(config, image_shape)
        card = learner_card(config, device)
        return cls(network, card, config.own.temperature)

    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        """Return the mean cross-entropy of one training episode.

        Support and query images form one batch, so batch norm takes its statistics from
        both, as in the authors' code.

        images: float32 (n_way * n_shot + n_way * n_query, C, H, W), the support images,
            then the query images, both class by class
        """
        self._inference = None
        n_support = spec.n_way * spec.n_shot
        n_queries = spec.n_way * spec.n_query
        with self._autocast():
            features = self.network(images)
        features = features.float()
        support, query = features.split([n_support, n_queries])
        classes = torch.arange(spec.n_way, device=self.device)
        labels = classes.repeat_interleave(spec.n_query)
        support = support.reshape(spec.n_way, spec.n_shot, -1)
        logits = self.scores(support, query) / self.temperature
        return functional.cross_entropy(logits, labels)

    def scores(self, support: Tensor, query: Tensor) -> Tensor:
        """Return scores: minus the squared Euclidean distances to the class means.

        The square matters for training, but does not change which class wins (Snell et
        al. 2017, section 2.3).

        support: float32 (..., n_way, n_shot, d)
        query: float32 (..., n_queries, d)
        Returns float (..., n_queries, n_way): float32 in training; float64 in an
        evaluation, from `class_mean_scores`.
        """
        if not support.requires_grad:
            return class_mean_scores(support, query)
        prototypes = support.mean(dim=-2)
        return negative_squared_distances(query, prototypes)

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        return self.scores(support_features.float(), query_features.float())

    def embed(self, images: np.ndarray) -> Tensor:
        if self._inference is None:
            self._inference = folded(self.network)
        # Each image is embedded once, so there is no gain in keeping images on the
        # device.
        pixels = on_device(images, self.device)
        with torch.inference_mode(), self._autocast():
            features = self._inference(to_input(pixels))
            flat = features.flatten(1)
            return flat.float()

    @property
    def bf16(self) -> bool:
        """Whether the backbone runs in bfloat16. Distances and losses are float32."""
        return self.card.precision == "bf16"

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.device.type,
            torch.bfloat16,
            enabled=self.bf16,
        )


def make_network(config: TrainConfig, image_shape: Shape) -> nn.Module:
    """Make the recipe's backbone with new weights.

    Raises DataError if the backbone is unknown.
    Raises BaselineError if a backbone of the user cannot be made.
    """
    return make_backbone(config.backbone, image_shape, config.width)

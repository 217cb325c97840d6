"""Prototypical Networks (Snell, Swersky, Zemel: Prototypical Networks for Few-shot Learning, 2017).

Differences from the paper:
1. The best validation accuracy selects the checkpoint; the paper takes the lowest validation loss,
   then trains anew on train + val classes (jakesnell/prototypical-networks, scripts/train).
2. Convolutions have no bias: batch norm would cancel it.
3. Images are resized with a named filter after conversion to grey levels; the authors' Omniglot
   code resized one-bit images, for which Pillow falls back to NEAREST.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...datasets.episodes import EpisodeSpec
from ...datasets.lookup import pick
from ..backbones import BACKBONES, Shape, to_input
from ..config import TrainConfig, learner_card
from ..device.images import on_device
from ..learner import (
    EmbeddingLearner,
    LearnerCard,
    TrainedLearner,
    negative_squared_distances,
)
from .folding import folded


class ProtoNet(EmbeddingLearner, TrainedLearner):
    """Compares query embeddings with the mean embedding of each class, by squared distance.

    network: float32 (n, C, H, W) in 0..1 -> float (n, d)
    temperature: divides distances in the training loss; which class is nearest does not change
    """

    scores_are = "logits"

    def __init__(
        self, network: nn.Module, card: LearnerCard, temperature: float = 1.0
    ) -> None:
        self.card = card
        self.temperature = temperature
        self.device = torch.device(card.device)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's stub lacks it
        self._inference: nn.Module | None = None

    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        """Mean cross-entropy of one training episode.

        Support and query images pass in one forward, so batch norm sees both (as the authors').
        images: float32 (n_way * n_shot + n_way * n_query, C, H, W), support first, class by class
        """
        self._inference = None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            features = self.network(images)
        support, query = features.float().split(
            [spec.n_way * spec.n_shot, spec.n_way * spec.n_query]
        )
        labels = torch.arange(spec.n_way, device=self.device).repeat_interleave(
            spec.n_query
        )
        scores = self.scores(support.reshape(spec.n_way, spec.n_shot, -1), query)
        return functional.cross_entropy(scores / self.temperature, labels)

    def scores(self, support: Tensor, query: Tensor) -> Tensor:
        """Minus the squared distances to the class means: (..., n_queries, n_way)

        The square matters for training, not for the winner (Snell et al. 2017, section 2.3).

        support: float32 (..., n_way, n_shot, d); query: float32 (..., n_queries, d)
        """
        return negative_squared_distances(query, support.mean(dim=-2))

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        return self.scores(support_features.float(), query_features.float())

    def embed(self, images: np.ndarray) -> Tensor:
        if self._inference is None:
            self._inference = folded(self.network)
        pixels = on_device(
            images, self.device
        )  # each image once: to keep them there gains nothing
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16),
        ):
            return self._inference(to_input(pixels)).flatten(1).float()

    @property
    def bf16(self) -> bool:
        """Whether the backbone runs in bfloat16; distances and losses never do."""
        return self.card.precision == "bf16"


def make(config: TrainConfig, image_shape: Shape, device: torch.device) -> ProtoNet:
    """A ProtoNet with fresh weights from torch's current seed."""
    network = pick("backbone", config.backbone, BACKBONES)(image_shape, config.width)
    card = learner_card(config, device)
    if config.backend == "learn2learn":
        from .protonet_learn2learn import Learn2LearnProtoNet

        return Learn2LearnProtoNet(network, card, config.temperature)
    return ProtoNet(network, card, config.temperature)

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

from ..datasets.episodes import EpisodeSpec
from ..datasets.names import pick
from .backbones import BACKBONES, folded, to_input
from .config import TrainConfig
from .learner import EmbeddingLearner, LearnerCard, negative_squared_distances


class ProtoNet(EmbeddingLearner):
    """Compares query embeddings with the mean embedding of each class, by squared distance.

    backbone: float32 (n, C, H, W) in 0..1 -> float (n, d)
    temperature: divides distances in the training loss; which class is nearest does not change
    """

    def __init__(self, backbone: nn.Module, card: LearnerCard, temperature: float = 1.0) -> None:
        self.card = card
        self.temperature = temperature
        self.device = torch.device(card.device)
        self.backbone = backbone.to(self.device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's stub lacks it
        self._inference: nn.Module | None = None

    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        """Mean cross-entropy of one training episode.

        Support and query images pass in one forward, so batch norm sees both (as the authors').
        images: float32 (n_way * n_shot + n_way * n_query, C, H, W), support first, class by class
        """
        self._inference = None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            features = self.backbone(images)
        support, query = features.float().split(
            [spec.n_way * spec.n_shot, spec.n_way * spec.n_query]
        )
        prototypes = support.reshape(spec.n_way, spec.n_shot, -1).mean(dim=1)
        labels = torch.arange(spec.n_way, device=self.device).repeat_interleave(spec.n_query)
        scores = negative_squared_distances(query, prototypes) / self.temperature
        return functional.cross_entropy(scores, labels)

    def embed(self, images: np.ndarray) -> Tensor:
        if self._inference is None:
            self._inference = folded(self.backbone)
        pixels = torch.from_numpy(images).to(self.device)
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16),
        ):
            return self._inference(to_input(pixels)).flatten(1).float()

    @property
    def bf16(self) -> bool:
        """Whether the backbone runs in bfloat16; distances and losses never do."""
        return self.card.precision == "bf16"


def make(config: TrainConfig, image_shape: tuple[int, int, int], device: torch.device) -> ProtoNet:
    """A ProtoNet with fresh weights from torch's current seed."""
    backbone = pick("backbone", config.backbone, BACKBONES)(image_shape[2], config.width)
    card = LearnerCard(
        name=config.learner,
        backbone=f"{config.backbone}-{config.width}",
        precision=config.precision,
        device=device.type,
        train_seed=config.seed,
        recipe=config.flat(),
    )
    return ProtoNet(backbone, card, config.temperature)

"""ProtoNet through learn2learn's PrototypicalClassifier (Arnold et al., learn2learn, 2020)."""

from typing import Any

import torch
from torch import Tensor

from ..libraries import learn2learn
from .protonet import ProtoNet


class Learn2LearnProtoNet(ProtoNet):
    """The same network and training; prototypes and distances are learn2learn's.

    Differences from the paper: those of `protonet`.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._classifier = learn2learn().nn.PrototypicalClassifier

    def scores(self, support: Tensor, query: Tensor) -> Tensor:
        if support.ndim == 4:  # the classifier takes one episode at a time
            return torch.stack(
                [self.scores(*pair) for pair in zip(support, query, strict=True)]
            )
        n_way, n_shot, _ = support.shape
        labels = torch.arange(n_way, device=support.device).repeat_interleave(n_shot)
        return self._classifier(support.flatten(0, 1), labels)(query)

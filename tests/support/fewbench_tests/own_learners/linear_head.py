"""A linear map, trained on the features of an encoder that stays as it is."""

from typing import Self

import torch
from torch import nn

from fewbench.baselines.backbones import n_features
from fewbench.baselines.config import TrainConfig, learner_card
from fewbench.baselines.metric.protonet import ProtoNet, make_network


class Frozen(nn.Module):
    """A module without trained parameters, whose batch norms keep their averages."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        del mode
        return super().train(False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.module(images)


class LinearHead(ProtoNet):
    """ProtoNet, in which only a linear map behind the encoder learns."""

    @classmethod
    def make(cls, config: TrainConfig, image_shape, device: torch.device) -> Self:
        encoder = Frozen(make_network(config, image_shape))
        head = nn.Linear(n_features(encoder, image_shape), 16)
        network = nn.Sequential(encoder, head)
        return cls(network, learner_card(config, device), config.own.temperature)

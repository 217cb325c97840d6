"""A classifier of all base classes, whose features are compared as in ProtoNet."""

from collections import OrderedDict
from typing import Any, Self

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fewbench.baselines.backbones import n_features, to_input
from fewbench.baselines.config import OWN, Count, TrainConfig, learner_card
from fewbench.baselines.metric.protonet import ProtoNet, make_network
from fewbench.baselines.training_batches import plain_batches


@dataclass(frozen=True, config=OWN)
class ClassifierSettings:
    n_classes: Count
    batch_size: Count = 64


class Classifier(ProtoNet):
    table, Settings = "classifier", ClassifierSettings

    @classmethod
    def make(cls, config: TrainConfig, image_shape, device: torch.device) -> Self:
        body = make_network(config, image_shape)
        head = nn.Linear(n_features(body, image_shape), config.own.n_classes)
        network = nn.Sequential(OrderedDict(body=body, head=head))
        return cls(network, learner_card(config, device))

    @classmethod
    def batches(cls, class_offsets: np.ndarray, config: TrainConfig, first_step: int):
        return plain_batches(
            class_offsets, config.own.batch_size, config.seed, first_step
        )

    def backward(self, images, spec, step, labels: Any = None) -> Tensor:
        self._inference = None
        loss = cross_entropy(self.network(to_input(images)), labels)
        loss.backward()
        return loss.detach()

    def embed(self, images: np.ndarray) -> Tensor:
        body = ProtoNet(self.network.get_submodule("body"), self.card)
        return body.embed(images)

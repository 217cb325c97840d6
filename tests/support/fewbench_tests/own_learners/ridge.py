"""Ridge regression on the embeddings of the support images, trained end to end.

Differences from the paper (Bertinetto et al. 2019, R2D2): the regularisation is a setting
and not learned; ProtoNet's temperature takes the place of the learned scale.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from fewbench.baselines.config import OWN, Positive, TrainConfig
from fewbench.baselines.metric.protonet import ProtoNet


@dataclass(frozen=True, config=OWN)
class RidgeSettings:
    temperature: Positive = 0.1
    regularisation: Positive = 1.0


class Ridge(ProtoNet):
    table = "ridge"
    Settings = RidgeSettings
    regularisation = 1.0

    @classmethod
    def make(cls, config: TrainConfig, image_shape, device: torch.device) -> "Ridge":
        learner = super().make(config, image_shape, device)
        learner.regularisation = config.own.regularisation
        return learner

    def scores(self, support: Tensor, query: Tensor) -> Tensor:
        n_way, n_shot, _ = support.shape[-3:]
        rows = support.flatten(-3, -2)
        labels = torch.eye(n_way, device=rows.device).repeat_interleave(n_shot, dim=0)
        kernel = rows @ rows.mT
        kernel = kernel + self.regularisation * torch.eye(
            n_way * n_shot, device=rows.device
        )
        return (
            query
            @ rows.mT
            @ torch.linalg.solve(kernel, labels.expand(*rows.shape[:-1], n_way))
        )

"""Reptile (Nichol et al., On First-Order Meta-Learning Algorithms, 2018).

Differences from the paper: the step towards the adapted weights is one of Adam.
"""

import copy

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fewbench.baselines.backbones import to_input
from fewbench.baselines.gradient.maml import MAML
from fewbench.datasets.episodes import EpisodeSpec


class Reptile(MAML):
    """Moves the weights towards those that a few steps on all images of a task give."""

    def backward(
        self, images: Tensor, spec: EpisodeSpec, step: int, labels=None
    ) -> Tensor:
        ways = torch.arange(spec.n_way, device=self.device)
        support = ways.repeat_interleave(spec.n_shot)
        labels = torch.cat([support, ways.repeat_interleave(spec.n_query)])
        total = torch.zeros((), device=self.device)
        parameters = list(self.network.parameters())
        gradients = [torch.zeros_like(parameter) for parameter in parameters]
        for task in images:
            adapted = copy.deepcopy(self.network)
            optimizer = torch.optim.SGD(adapted.parameters(), self.own.inner_lr)
            loss = torch.zeros(())
            for _ in range(self.own.inner_steps):
                optimizer.zero_grad()
                loss = cross_entropy(adapted(to_input(task)), labels)
                loss.backward()
                optimizer.step()
            total += loss.detach() / len(images)
            for total_gradient, old, new in zip(
                gradients, parameters, adapted.parameters(), strict=True
            ):
                total_gradient += (old - new).detach() / len(images)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return total

"""Inner loops through higher (Grefenstette et al. 2019): one task after the other."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..libraries import higher
from .inner_loop import InnerLoop, Statistics, Tasks, query_logits


class HigherEngine:
    """`higher.innerloop_ctx`: a functional copy of the network and a differentiable SGD."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self._library = higher()

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        return torch.stack(
            [self._task(tasks, task, inner) for task in range(len(tasks))]
        )

    def logits(self, tasks: Tasks, inner: InnerLoop, statistics: Statistics) -> Tensor:
        answers = []
        for task in range(len(tasks)):
            with self._loop(inner, track=False) as (copy, optimizer):
                for _ in range(inner.steps):
                    optimizer.step(_support_loss(copy, tasks, task))
                names = (name for name, _ in self.network.named_parameters())
                found = (value.detach() for value in copy.parameters())
                weights = dict(zip(names, found, strict=True))
            with torch.no_grad():
                answers.append(
                    query_logits(self.network, weights, tasks, task, statistics)
                )
        return torch.stack(answers)

    def _task(self, tasks: Tasks, task: int, inner: InnerLoop) -> Tensor:
        # The graph of a task goes with its context: nothing of it outlives this function.
        with self._loop(inner, track=True) as (copy, optimizer):
            loss = torch.zeros((), device=tasks.query.device)
            for weight in inner.weight_of_step:
                optimizer.step(
                    _support_loss(copy, tasks, task), grad_callback=_order(inner)
                )
                if weight:
                    found = functional.cross_entropy(
                        copy(tasks.query[task]), tasks.query_labels
                    )
                    loss = loss + weight * tasks.share * found
            loss.backward()
        return loss.detach()

    def _loop(self, inner: InnerLoop, track: bool):
        moving = [
            p for name, p in self.network.named_parameters() if name in inner.adapted
        ]
        optimizer = torch.optim.SGD(moving, lr=inner.lr)
        return self._library.innerloop_ctx(
            self.network,
            optimizer,
            copy_initial_weights=False,
            track_higher_grads=track,
        )


def _support_loss(network: nn.Module, tasks: Tasks, task: int) -> Tensor:
    return functional.cross_entropy(network(tasks.support[task]), tasks.support_labels)


def _order(inner: InnerLoop):
    """First order: gradients of the inner loop are constants."""
    if not inner.first_order:
        return None
    return lambda gradients: [None if g is None else g.detach() for g in gradients]

"""What holds for every engine that runs MAML's inner loop through another library."""

import torch
from torch import nn

from fewbench.baselines.gradient.inner_loop import Engine, adapted_names

from .meta_gradients import gradient
from .meta_tasks import inner_loop, network, tasks


class EngineChecks:
    """Tests of one engine: a test class derives from this and makes it."""

    def engine(self, network: nn.Module) -> Engine:
        """The engine that is tested, on a network."""
        raise NotImplementedError

    def test_losses_are_shares_of_the_meta_batch(self) -> None:
        whole, batch = network("plain"), tasks("plain", n_tasks=2)
        losses, _ = gradient(self.engine(whole), whole, batch, inner_loop(whole, 1))
        assert losses.shape == (2,)
        assert not losses.requires_grad
        # About log 5, since the shares sum to one.
        assert 0 < float(losses.sum()) < 4

    def test_a_parameter_that_does_not_move_is_still_trained(self) -> None:
        whole, batch = network("plain"), tasks("plain")
        inner = inner_loop(whole, 2, "anil")
        assert inner.adapted == adapted_names(whole, head_only=True)
        gradient(self.engine(whole), whole, batch, inner)
        body = whole.get_parameter("body.0.weight")
        assert body.grad is not None
        assert float(body.grad.norm()) > 0

    def test_an_evaluation_leaves_weights_and_gradients_alone(self) -> None:
        whole, batch = network("plain"), tasks("plain")
        before = {name: value.clone() for name, value in whole.state_dict().items()}
        scores = self.engine(whole).logits(batch, inner_loop(whole, 2), "query")
        assert scores.shape == (3, 10, 5)
        for name, value in whole.state_dict().items():
            assert torch.equal(before[name], value)
        assert all(parameter.grad is None for parameter in whole.parameters())

import pytest
import torch

from fewbench.baselines.gradient.higher_engine import HigherEngine
from fewbench.baselines.gradient.inner_loop import adapted_names
from fewbench_tests.meta_gradients import gradient
from fewbench_tests.meta_tasks import inner_loop, network, tasks

pytest.importorskip("higher", reason="higher is not installed")


def test_losses_are_shares_of_the_meta_batch() -> None:
    whole, batch = network("plain"), tasks("plain", n_tasks=2)
    losses, _ = gradient(HigherEngine(whole), whole, batch, inner_loop(whole, 1))
    assert losses.shape == (2,)
    assert not losses.requires_grad
    assert 0 < float(losses.sum()) < 4  # about log 5, since the shares sum to one


def test_a_parameter_that_does_not_move_is_still_trained() -> None:
    whole, batch = network("plain"), tasks("plain")
    inner = inner_loop(whole, 2, "anil")
    assert inner.adapted == adapted_names(whole, head_only=True)
    gradient(HigherEngine(whole), whole, batch, inner)
    body = whole.get_parameter("body.0.weight")
    assert body.grad is not None
    assert float(body.grad.norm()) > 0


def test_an_evaluation_leaves_weights_and_gradients_alone() -> None:
    whole, batch = network("plain"), tasks("plain")
    before = {name: value.clone() for name, value in whole.state_dict().items()}
    scores = HigherEngine(whole).logits(batch, inner_loop(whole, 2), "query")
    assert scores.shape == (3, 10, 5)
    for name, value in whole.state_dict().items():
        assert torch.equal(before[name], value)
    assert all(parameter.grad is None for parameter in whole.parameters())

import pytest
import torch

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.recipe_files import load_recipe

CPU = torch.device("cpu")


def test_learn2learns_protonet_is_ours() -> None:
    """Loss and gradient of a training episode in float64, and the winners of an evaluation."""
    pytest.importorskip("learn2learn", reason="learn2learn is not installed")
    torch.manual_seed(0)
    images = torch.rand(30, 1, 28, 28, dtype=torch.float64)
    losses, gradients, scores = [], [], []
    for backend in ("native", "learn2learn"):
        settings = [f"backend={backend}", "precision=fp32", "width=16"]
        learner = make_learner(
            load_recipe("protonet-glyphs", settings), (28, 28, 1), CPU
        )
        learner.network.double()
        features = learner.network(images)
        support, query = features.split([12, 18])
        losses.append(
            learner.scores(support.reshape(6, 2, -1), query).logsumexp(1).sum()
        )
        grads = torch.autograd.grad(losses[-1], list(learner.network.parameters()))
        gradients.append(torch.cat([grad.flatten() for grad in grads]))
        support, query = support.detach(), query.detach()
        scores.append(learner.classify(support.reshape(1, 6, 2, -1), query[None]))
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-12, atol=0)
    assert (gradients[1] - gradients[0]).norm() / gradients[0].norm() < 1e-9
    torch.testing.assert_close(scores[1], scores[0], rtol=1e-5, atol=1e-5)

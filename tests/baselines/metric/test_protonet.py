import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.learner import LearnerCard
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.episodes import EpisodeSpec
from fewbench.datasets.info import DataError
from fewbench_tests.random_episodes import random_episode

CPU = torch.device("cpu")
SPEC = EpisodeSpec(3, 2, 4)


def test_the_loss_of_protonet_is_the_papers_in_float64() -> None:
    learner = make_learner(load_recipe("protonet-glyphs"), (28, 28, 1), CPU)
    learner.network.double()
    images = torch.rand(3 * 2 + 3 * 4, 1, 28, 28, dtype=torch.float64)
    features = learner.network(images).detach().float().numpy().astype(np.float64)

    prototypes = features[:6].reshape(3, 2, -1).mean(axis=1)
    distances = ((features[6:, None] - prototypes) ** 2).sum(axis=2)
    truth = np.repeat(np.arange(3), 4)
    log_sum = np.log(np.exp(-distances + distances.min(1, keepdims=True)).sum(1))
    expected = (distances[np.arange(12), truth] - distances.min(1) + log_sum).mean()

    assert learner.loss(images, SPEC).item() == pytest.approx(expected, rel=1e-4)


def test_gradients_of_a_training_step_agree_with_float64() -> None:
    torch.manual_seed(0)
    images = torch.rand(18, 1, 28, 28)
    gradients = []
    for dtype in (torch.float32, torch.float64):
        learner = make_learner(load_recipe("protonet-glyphs"), (28, 28, 1), CPU)
        learner.network.to(dtype)
        loss = learner.loss(images.to(dtype), SPEC)
        gradients.append(torch.autograd.grad(loss, list(learner.network.parameters())))
    for single, double in zip(*gradients, strict=True):
        error = (single.double() - double).norm() / double.norm()
        assert error < 1e-3


def test_bf16_changes_features_little_and_is_recorded() -> None:
    config = load_recipe("protonet-glyphs")
    images = random_episode()[2]
    single = make_learner(config, (28, 28, 1), CPU)
    single.card = LearnerCard("protonet", precision="fp32")
    half = ProtoNet(single.network, LearnerCard("protonet", precision="bf16"))
    a, b = single.embed(images), half.embed(images)

    assert a.dtype == b.dtype == torch.float32
    assert not torch.equal(a, b)
    assert (a - b).norm() / a.norm() < 0.05


def test_a_training_step_outdates_the_folded_network() -> None:
    learner = make_learner(load_recipe("protonet-glyphs"), (28, 28, 1), CPU)
    images = random_episode()[2]
    before = learner.embed(images)
    learner.loss(torch.rand(18, 1, 28, 28), SPEC)  # moves the running averages
    assert not torch.equal(learner.embed(images), before)


def test_an_unknown_backbone_is_refused() -> None:
    config = load_recipe("protonet-glyphs", ["backbone=conv5"])
    with pytest.raises(DataError, match="backbone 'conv5'.*conv4"):
        make_learner(config, (28, 28, 1), CPU)

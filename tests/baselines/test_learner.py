import numpy as np
import pytest
import torch
from torch import nn

from fewbench.baselines.any_model import FunctionLearner, as_learner
from fewbench.baselines.backbones import to_input
from fewbench.baselines.catalogue import load_learner, make_learner
from fewbench.baselines.config import load_recipe, recipes
from fewbench.baselines.learner import (
    BaselineError,
    EmbeddingLearner,
    LearnerCard,
    negative_squared_distances,
)
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.datasets.episodes import EpisodeSpec

CPU = torch.device("cpu")
SPEC = EpisodeSpec(3, 2, 4)


def episode(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    support = rng.integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
    query = rng.integers(0, 256, (12, 28, 28, 1), dtype=np.uint8)
    return support, np.repeat(np.arange(3), 2), query


def test_distances_are_squared_and_euclidean() -> None:
    query, prototypes = torch.rand(4, 7, 5).double(), torch.rand(4, 3, 5).double()
    expected = -((query[:, :, None] - prototypes[:, None]) ** 2).sum(-1)
    torch.testing.assert_close(negative_squared_distances(query, prototypes), expected)


def test_centroid_scores_equal_a_plain_numpy_version() -> None:
    support, labels, query = episode()
    flat = support.reshape(6, -1) / 255
    centroids = np.stack([flat[labels == w].mean(axis=0) for w in range(3)])
    expected = -((query.reshape(12, 1, -1) / 255 - centroids) ** 2).sum(axis=2)

    scores = Centroid().predict(support, labels, query)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_the_order_of_the_support_set_does_not_matter() -> None:
    support, labels, query = episode()
    order = np.random.default_rng(1).permutation(6)
    learner = make_learner(load_recipe("protonet-glyphs"), (28, 28, 1), CPU)
    np.testing.assert_allclose(
        learner.predict(support, labels, query),
        learner.predict(support[order], labels[order], query),
        rtol=1e-4,
    )


@pytest.mark.parametrize("name", ["centroid", "protonet"])
def test_inductive_learners_score_a_query_without_looking_at_the_others(
    name: str,
) -> None:
    support, labels, query = episode()
    learner = (
        load_learner("centroid", CPU)
        if name == "centroid"
        else make_learner(load_recipe(f"{name}-glyphs"), (28, 28, 1), CPU)
    )
    assert not learner.transductive
    together = learner.predict(support, labels, query)
    alone = np.concatenate(
        [learner.predict(support, labels, one[None]) for one in query]
    )
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)


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
        single = learner.classify(support.reshape(1, 6, 2, -1), query[None])
        scores.append(single.detach())
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-12, atol=0)
    assert (gradients[1] - gradients[0]).norm() / gradients[0].norm() < 1e-9
    torch.testing.assert_close(scores[1], scores[0], rtol=1e-5, atol=1e-5)


def test_weights_depend_on_the_seed_alone_and_leave_the_global_generator() -> None:
    config = load_recipe("protonet-glyphs")
    torch.manual_seed(123)
    before = torch.get_rng_state()
    first = make_learner(config, (28, 28, 1), CPU).network.state_dict()
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(321)
    second = make_learner(config, (28, 28, 1), CPU).network.state_dict()
    other = make_learner(load_recipe("protonet-glyphs", ["seed=1"]), (28, 28, 1), CPU)

    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(
        first["0.0.weight"], other.network.state_dict()["0.0.weight"]
    )


def test_bf16_changes_features_little_and_is_recorded() -> None:
    config = load_recipe("protonet-glyphs")
    images = episode()[2]
    single = make_learner(config, (28, 28, 1), CPU)
    single.card = LearnerCard("protonet", precision="fp32")
    half = ProtoNet(single.network, LearnerCard("protonet", precision="bf16"))
    a, b = single.embed(images), half.embed(images)

    assert a.dtype == b.dtype == torch.float32
    assert not torch.equal(a, b)
    assert (a - b).norm() / a.norm() < 0.05


def test_an_encoder_module_is_compared_as_in_protonet() -> None:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 8))
    learner = as_learner(encoder)
    assert isinstance(learner, EmbeddingLearner)
    assert learner.card.name == "sequential"
    images = episode()[2]
    expected = encoder(to_input(torch.from_numpy(images)))
    torch.testing.assert_close(learner.embed(images), expected.detach())


def test_an_encoder_is_embedded_in_eval_mode() -> None:
    encoder = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.BatchNorm1d(784)).train()
    learner = as_learner(encoder)
    assert isinstance(learner, EmbeddingLearner)
    images = episode()[2]
    torch.testing.assert_close(learner.embed(images), learner.embed(images))
    torch.testing.assert_close(learner.embed(images)[:1], learner.embed(images[:1]))
    assert encoder.training  # the user's module is left as it was


def test_a_users_module_is_left_as_it_was() -> None:
    encoder = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten())
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    learner = as_learner(encoder)
    assert isinstance(learner, EmbeddingLearner)
    learner.embed(episode()[2])
    assert encoder.training
    assert encoder[0].weight.is_contiguous()
    assert all(
        torch.equal(before[name], value) for name, value in encoder.state_dict().items()
    )


def test_an_encoder_that_normalises_by_its_batch_is_refused() -> None:
    encoder = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3, track_running_stats=False)
    )
    with pytest.raises(
        BaselineError, match="'1' normalises by the statistics of its batch"
    ):
        as_learner(encoder)


def test_a_function_may_return_a_tensor_with_a_gradient() -> None:
    learner = as_learner(lambda *_: torch.ones(12, 3, requires_grad=True), "mine")
    np.testing.assert_array_equal(learner.predict(*episode()), np.ones((12, 3)))


def test_a_function_keeps_its_name_and_a_learner_itself() -> None:
    def my_model(support_images, support_labels, query_images):
        return np.zeros((len(query_images), 3))

    learner = as_learner(my_model)
    assert isinstance(learner, FunctionLearner)
    assert learner.card.name == "my-model"
    assert as_learner(my_model, name="My Model").card.name == "my-model"
    assert as_learner(learner) is learner
    with pytest.raises(BaselineError, match="cannot evaluate a int"):
        as_learner(3)


def test_every_recipe_makes_a_learner() -> None:
    for name in recipes():
        config = load_recipe(name)
        learner = make_learner(config, (28, 28, 1), CPU)
        assert learner.card.name == config.learner
        assert learner.card.recipe["lr"] == config.lr

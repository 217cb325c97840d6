import pytest
import torch
from torch import Tensor, nn

from fewbench.baselines.backbones import to_input
from fewbench.baselines.learner import LearnerCard
from fewbench.baselines.trained_learner import LossLearner, NoSettings, TrainedLearner
from fewbench.datasets.episodes import EpisodeSpec

SPEC = EpisodeSpec(2, 1, 1)


class Mean(LossLearner):
    """A learner with one weight: its loss is the weight times the mean of the images."""

    def __init__(self) -> None:
        self.card = LearnerCard("mean")
        self.network = nn.Linear(1, 1, bias=False)
        self.device = torch.device("cpu")

    @classmethod
    def make(cls, config, image_shape, device):
        del config, image_shape, device
        return cls()

    def predict(self, support_images, support_labels, query_images):
        raise AssertionError("training asks for no prediction")

    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        return self.network.get_parameter("weight").sum() * images.mean()


def test_the_gradient_is_that_of_the_mean_loss_of_the_tasks() -> None:
    learner = Mean()
    weight = learner.network.get_parameter("weight")
    images = torch.randint(256, (3, 4, 5, 5, 1), dtype=torch.uint8)
    mean = torch.stack([to_input(task).mean() for task in images]).mean()
    loss = learner.backward(images, SPEC, step=0)
    torch.testing.assert_close(loss, weight.detach().sum() * mean)
    torch.testing.assert_close(weight.grad, mean.reshape(1, 1))
    assert not loss.requires_grad


def test_a_learner_says_how_it_is_trained() -> None:
    with pytest.raises(TypeError, match="backward"):
        TrainedLearner()  # pyright: ignore[reportAbstractUsage]
    assert TrainedLearner.Settings is NoSettings
    assert "backward" in TrainedLearner.__abstractmethods__
    assert "loss" in LossLearner.__abstractmethods__
    assert "backward" not in LossLearner.__abstractmethods__

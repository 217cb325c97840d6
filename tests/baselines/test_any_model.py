import numpy as np
import pytest
import torch
from torch import nn

from fewbench.baselines.any_model import FunctionLearner, as_learner
from fewbench.baselines.backbones import to_input
from fewbench.baselines.learner import BaselineError, EmbeddingLearner
from fewbench_tests.random_episodes import random_episode


def test_an_encoder_module_is_compared_as_in_protonet() -> None:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 8))
    learner = as_learner(encoder)
    assert isinstance(learner, EmbeddingLearner)
    assert learner.card.name == "Sequential"
    images = random_episode()[2]
    expected = encoder(to_input(torch.from_numpy(images)))
    torch.testing.assert_close(learner.embed(images), expected.detach())


def test_an_encoder_is_embedded_in_eval_mode() -> None:
    encoder = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.BatchNorm1d(784)).train()
    learner = as_learner(encoder)
    assert isinstance(learner, EmbeddingLearner)
    images = random_episode()[2]
    torch.testing.assert_close(learner.embed(images), learner.embed(images))
    torch.testing.assert_close(learner.embed(images)[:1], learner.embed(images[:1]))
    assert encoder.training  # the user's module is left as it was


def test_a_users_module_is_left_as_it_was() -> None:
    convolution = nn.Conv2d(1, 3, 3)
    encoder = nn.Sequential(convolution, nn.BatchNorm2d(3), nn.Flatten())
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    learner = as_learner(encoder)
    assert isinstance(learner, EmbeddingLearner)
    learner.embed(random_episode()[2])
    assert encoder.training
    assert convolution.weight.is_contiguous()
    assert all(
        torch.equal(before[name], value) for name, value in encoder.state_dict().items()
    )


def test_an_encoder_that_normalises_by_its_batch_is_refused() -> None:
    encoder = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3, track_running_stats=False)
    )
    with pytest.raises(
        BaselineError, match="the layer '1' uses the statistics of its batch"
    ):
        as_learner(encoder)


def test_a_function_may_return_a_tensor_with_a_gradient() -> None:
    learner = as_learner(lambda *_: torch.ones(12, 3, requires_grad=True), "mine")
    np.testing.assert_array_equal(learner.predict(*random_episode()), np.ones((12, 3)))


def test_a_function_keeps_its_name_and_a_learner_itself() -> None:
    def my_model(support_images, support_labels, query_images):
        return np.zeros((len(query_images), 3))

    learner = as_learner(my_model)
    assert isinstance(learner, FunctionLearner)
    assert learner.card.name == "my_model"
    assert as_learner(my_model, name="метод А").card.name == "метод А"
    assert as_learner(learner) is learner
    message = "cannot evaluate this model: .*got an object of type int"
    with pytest.raises(BaselineError, match=message):
        as_learner(3)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            nn.Flatten,
            r"got the class Flatten\. Pass an object of this class: Flatten\(",
        ),
        (lambda images: images, r"got the function <lambda>\(images\)"),
        ((nn.Flatten(), None), "got a tuple with the members 0: Flatten, 1: None"),
    ],
)
def test_what_is_no_model_gets_a_sentence(model: object, said: str) -> None:
    with pytest.raises(BaselineError, match=said):
        as_learner(model)


def test_a_function_that_fails_gets_a_sentence() -> None:
    def broken(support_images, support_labels, query_images):
        raise KeyError("no such key")

    message = (
        r"broken failed on an episode with 6 .*: KeyError: .*test_any_model.py, line"
    )
    with pytest.raises(BaselineError, match=message):
        as_learner(broken).predict(*random_episode())

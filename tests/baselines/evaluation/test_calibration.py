import numpy as np
import pytest
import torch

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.evaluation.calibration import CalibrationTally
from fewbench.baselines.evaluation.examiner import answer
from fewbench.baselines.learner import BaselineError, Learner
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

CPU = torch.device("cpu")


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]])


@pytest.fixture
def episodes(view: ImageView) -> EpisodeBatch:
    return sample_episodes(view.class_offsets, EpisodeSpec(5, 1, 4), 3, 0, 60)


def trained(recipe: str, *settings: str) -> Learner:
    config = load_recipe(recipe, ["width=8", "precision=fp32", *settings])
    return make_learner(config, (28, 28, 1), CPU)


def test_answers_are_counted_by_their_probability() -> None:
    tally = CalibrationTally("probabilities", 1.0)
    scores = np.array([[0.7, 0.2, 0.1], [0.1, 0.704, 0.196], [0.0, 0.0, 1.0]])
    tally.add(scores, np.array([0, 1, 2]), np.array([0, 2, 2]))
    assert tally.counts is not None
    assert tally.counts[70].tolist() == [2, 1, pytest.approx(1.404)]
    assert tally.counts[99].tolist() == [1, 1, 1]
    assert tally.counts.sum(axis=0).tolist() == [3, 2, pytest.approx(2.404)]


def test_logits_become_probabilities_at_the_temperature() -> None:
    tally = CalibrationTally("logits", 2.0)
    tally.add(np.array([[2.0, 0.0]], np.float32), np.array([0]), np.array([1]))
    assert tally.counts is not None
    probability = 1 / (1 + np.exp(-1))  # 0.731
    assert tally.counts[73].tolist() == [1, 0, pytest.approx(probability)]


@pytest.mark.parametrize("scores", [[[0.9, 0.3]], [[1.2, -0.2]], [[3.0, 1.0]]])
def test_what_is_no_probability_is_refused(scores: list[list[float]]) -> None:
    with pytest.raises(BaselineError, match="scores are not probabilities.*sum to 1"):
        CalibrationTally("probabilities", 1.0).add(
            np.array(scores), np.zeros(1), np.zeros(1)
        )


@pytest.mark.parametrize("recipe", ["protonet-glyphs", "maml-glyphs"])
def test_trained_learners_are_tallied_as_their_loss_has_it(
    recipe: str, view: ImageView, episodes: EpisodeBatch
) -> None:
    """Against the softmax of `predict`, one episode at a time."""
    learner = trained(recipe, *(["temperature=7.0"] * (recipe == "protonet-glyphs")))
    found = answer(learner, view, episodes, 3)
    assert found.calibration is not None
    sums = np.zeros(3)
    labels, truth = np.arange(5), np.arange(5).repeat(4)
    for support, query in zip(episodes.support, episodes.query, strict=True):
        images = view.images(support.reshape(-1)), view.images(query.reshape(-1))
        scores = learner.predict(images[0], labels, images[1])
        temperature = 7.0 if recipe == "protonet-glyphs" else 1.0
        probabilities = np.exp((scores - scores.max(1, keepdims=True)) / temperature)
        probabilities /= probabilities.sum(1, keepdims=True)
        right = probabilities.argmax(1) == truth
        sums += [len(truth), right.sum(), probabilities.max(1).sum()]
    np.testing.assert_allclose(found.calibration.sum(axis=0), sums, rtol=1e-4)
    assert found.calibration[:, 1].sum() == (found.predictions == truth).sum()


def test_nothing_is_tallied_where_scores_are_no_logits(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    assert answer(Centroid(), view, episodes, 3).calibration is None
    encoder = as_learner(torch.nn.Flatten())
    assert answer(encoder, view, episodes, 3).calibration is None

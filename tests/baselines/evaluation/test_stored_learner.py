"""A learner of which only the features are left."""

import numpy as np
import pytest
import torch

from fewbench.baselines.evaluation.ask_again import Answered, ask_again
from fewbench.baselines.evaluation.examiner import Examiner
from fewbench.baselines.evaluation.feature_rows import FeatureRows
from fewbench.baselines.evaluation.features import Features
from fewbench.baselines.evaluation.stored_features import StoredFeatures, StoredIn
from fewbench.baselines.evaluation.stored_learner import (
    AskedBefore,
    Head,
    StoredLearner,
    features_of,
    head_of,
)
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.metric.protonet_learn2learn import Learn2LearnProtoNet
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.progress import no_progress


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]])


def stored(
    view: ImageView, asked: AskedBefore, head: str = "protonet"
) -> StoredLearner:
    everything = np.arange(len(view))
    table = Features(Centroid(), view).table(everything, no_progress)
    rows = FeatureRows([table.at(everything).numpy()])
    return StoredLearner(Centroid().card, rows, StoredIn.of(view), Head(head), asked)


@pytest.mark.parametrize(
    ("asked", "order", "determinism"),
    [
        (AskedBefore(True, True, True), True, True),
        (AskedBefore(False, False, True), False, False),
        (AskedBefore(), True, None),
    ],
)
def test_what_needs_the_encoder_was_asked_before(
    view: ImageView, asked: AskedBefore, order: bool, determinism: bool | None
) -> None:
    learner = stored(view, asked)
    spec = EpisodeSpec(3, 1, 2)
    episodes = sample_episodes(view.class_offsets, spec, 7, start=0, count=20)
    examiner = Examiner(learner, view, 7)
    answers = examiner.answer(episodes)
    answered = Answered(view, 7, episodes, answers, examiner.features)
    found = ask_again(learner, answered)
    assert (found.order, found.deterministic, found.state) == (order, determinism, True)
    assert found.distinct is asked.distinct
    assert not found.transductive
    # A process that has only the answers finds the same.
    assert ask_again(learner, Answered(view, 7, episodes, answers)) == found


def test_a_wrong_answer_is_found(view: ImageView) -> None:
    learner = stored(view, AskedBefore(True, True, True))
    spec = EpisodeSpec(3, 1, 2)
    episodes = sample_episodes(view.class_offsets, spec, 7, start=0, count=3)
    answers = Examiner(learner, view, 7).answer(episodes)
    answers.predictions[:] = (answers.predictions + 1) % 3
    assert not ask_again(learner, Answered(view, 7, episodes, answers)).order


def test_features_come_from_where_they_are(view: ImageView) -> None:
    learner = stored(view, AskedBefore())
    assert isinstance(features_of(learner, view), StoredFeatures)
    assert type(features_of(Centroid(), view)) is Features
    with pytest.raises(BaselineError, match="got its stored features alone"):
        learner.embed(np.zeros((1, 28, 28, 1), np.uint8))


def test_the_head_is_that_of_the_learner_or_its_own() -> None:
    assert head_of(Centroid()) == "protonet"
    other = Learn2LearnProtoNet.__new__(Learn2LearnProtoNet)
    assert head_of(other) == "own"


def test_cosine_scores_are_cosines_with_the_class_means(view: ImageView) -> None:
    learner = stored(view, AskedBefore(), "cosine")
    support = torch.tensor([[[[1.0, 0.0], [3.0, 0.0]], [[0.0, 2.0], [0.0, 2.0]]]])
    query = torch.tensor([[[5.0, 0.0], [1.0, 1.0], [0.0, 0.0]]])
    scores = learner.classify(support, query)
    half = 0.5**0.5
    expected = torch.tensor([[[1, 0], [half, half], [0, 0]]], dtype=torch.float64)
    torch.testing.assert_close(scores, expected)

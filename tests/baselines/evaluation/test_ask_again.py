from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.evaluation import features as stored
from fewbench.baselines.evaluation.ask_again import Answered, ask_again
from fewbench.baselines.evaluation.examiner import Examiner
from fewbench.baselines.evaluation.findings import Findings
from fewbench.baselines.learner import (
    EmbeddingLearner,
    Learner,
    LearnerCard,
    TaskLearner,
)
from fewbench.baselines.metric.centroid import Centroid
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

N_EPISODES = 30
Arrays = np.ndarray


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]])


@pytest.fixture
def episodes(view: ImageView) -> EpisodeBatch:
    return sample_episodes(view.class_offsets, EpisodeSpec(5, 1, 4), 3, 0, N_EPISODES)


def asked(model: object, view: ImageView, episodes: EpisodeBatch) -> Findings:
    learner = model if isinstance(model, Learner) else as_learner(model, "mine")
    examiner = Examiner(learner, view, 3)
    answers = examiner.answer(episodes)
    answered = Answered(view, 3, episodes, answers, examiner.features)
    return ask_again(learner, answered)


def distances(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
    support_rows, query_rows = (
        images.reshape(len(images), -1) / 255 for images in (support, query)
    )
    return -((query_rows[:, None] - support_rows) ** 2).sum(axis=2)


def centred(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
    scores = distances(support, labels, query)
    return scores - scores.mean(axis=0)


@pytest.mark.parametrize("model", [distances, Centroid(), nn.Flatten()])
def test_a_steady_learner_passes_every_check(
    model: object, view: ImageView, episodes: EpisodeBatch
) -> None:
    for _ in range(5):
        found = asked(model, view, episodes)
        assert found.order
        assert found.state is True
        assert found.deterministic
        assert not found.transductive
        assert found.verdict == "inductive"


def turning(view: ImageView, episodes: EpisodeBatch) -> Callable[..., Arrays]:
    """Transductive in every episode but the first."""
    first = view.images(episodes.support[0].reshape(-1))

    def scores(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
        if np.array_equal(support, first):
            return distances(support, labels, query)
        return centred(support, labels, query)

    return scores


def test_a_function_that_turns_transductive_in_the_second_episode_is_found(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    for _ in range(5):
        assert asked(turning(view, episodes), view, episodes).transductive


def counting() -> Callable[..., Arrays]:
    """Drifts from one call to the next."""
    calls = iter(range(9999))

    def scores(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
        return distances(support, labels, query) * (1 + 0.01 * next(calls))

    return scores


def remembering() -> Callable[..., Arrays]:
    """Compares with the support images of all episodes so far, too."""
    memory: list[Arrays] = []

    def scores(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
        memory.append(support / 255)
        mean = 255 * np.mean(memory, axis=0)
        return distances(support, labels, query) + distances(mean, labels, query)

    return scores


@pytest.mark.parametrize("make", [counting, remembering])
def test_a_counter_and_a_state_between_episodes_are_found(
    make, view: ImageView, episodes: EpisodeBatch
) -> None:
    assert asked(make(), view, episodes).state is False


def test_answers_by_the_number_of_the_call_are_out_of_order(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    calls = iter(range(9999))

    def by_call(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
        scores = np.zeros((len(query), 5))
        scores[:, next(calls) * 7 % 5] = 1
        return scores

    found = [asked(by_call, view, episodes) for _ in range(5)]
    assert not all(one.order for one in found)
    assert not any(one.deterministic for one in found)


def test_chance_in_a_function_is_found(view: ImageView, episodes: EpisodeBatch) -> None:
    generator = np.random.default_rng(0)

    def noisy(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
        return distances(support, labels, query) + generator.normal(
            0, 50, (len(query), 5)
        )

    found = asked(noisy, view, episodes)
    assert not found.deterministic
    assert found.state is False


def test_dropout_that_stays_on_in_an_encoder_is_found(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    class Dropping(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return nn.functional.dropout(images.flatten(1))

    found = asked(Dropping(), view, episodes)
    assert not found.deterministic
    assert not found.order


def test_a_classifier_with_a_memory_is_found(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    class Remembering(Centroid):
        calls = 0

        def classify(
            self, support_features: torch.Tensor, query_features: torch.Tensor
        ) -> torch.Tensor:
            self.calls += 1
            scores = super().classify(support_features, query_features)
            return scores * self.calls

    assert asked(Remembering(), view, episodes).state is False


def test_a_function_that_fails_on_changed_episodes_loses_no_evaluation(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    def strict(support: Arrays, labels: Arrays, query: Arrays) -> Arrays:
        flat = query.reshape(len(query), -1)
        if len(flat) < 20 or len(np.unique(flat, axis=0)) < len(flat) // 2 + 2:
            raise ZeroDivisionError
        return distances(support, labels, query)

    found = asked(strict, view, episodes)
    assert found.order
    assert np.isnan(found.worst.dropped)


def test_answers_without_features_or_first_scores_can_be_checked(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    learner = as_learner(nn.Flatten())
    assert isinstance(learner, EmbeddingLearner)
    answers = Examiner(learner, view, 3).answer(episodes)
    found = ask_again(learner, Answered(view, 3, episodes, answers))
    assert found.order
    assert found.state is True
    object.__setattr__(answers, "first_scores", None)
    assert ask_again(learner, Answered(view, 3, episodes, answers)).state is None


def test_features_that_this_process_has_not_read_yet_are_read(
    view: ImageView, episodes: EpisodeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_PIXELS_PER_BLOCK", 2 * 28 * 28)
    learner = as_learner(nn.Flatten())
    assert isinstance(learner, EmbeddingLearner)
    answers = Examiner(learner, view, 3).answer(episodes)
    for _ in range(5):
        features = stored.Features(learner, view)
        found = ask_again(learner, Answered(view, 3, episodes, answers, features))
        assert found.order
        assert found.state is True


def test_predictions_that_the_learner_does_not_give_are_found(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    learner = Centroid()
    examiner = Examiner(learner, view, 3)
    answers = examiner.answer(episodes)
    np.copyto(answers.predictions, (answers.predictions + 1) % 5)
    answered = Answered(view, 3, episodes, answers, examiner.features)
    assert not ask_again(learner, answered).order


class Adapting(TaskLearner):
    """A learner whose scores move with the number of tasks beside a task, in some tasks.

    moves: tells for each task, by its support images, whether its scores move
    """

    def __init__(self, moves: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self.moves = moves
        self.card = LearnerCard("adapting")
        self.device = torch.device("cpu")

    def check_way(self, n_way: int) -> None:
        del n_way

    def predict_tasks(self, support: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
        near = -torch.cdist(
            query.flatten(2).float() / 255, support.flatten(2).float() / 255
        )
        turned = near.flip(-1) if len(support) > 5 else near
        return torch.where(self.moves(support)[:, None, None], turned, near)


def test_rounding_that_one_adaptation_amplifies_is_no_fault(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    first = torch.from_numpy(view.images(episodes.support[0].reshape(-1)))
    found = asked(
        Adapting(lambda support: (support == first).flatten(1).all(1)), view, episodes
    )
    assert found.order
    assert found.state


def test_tasks_that_depend_on_the_tasks_beside_them_are_found(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    always = Adapting(lambda support: torch.ones(len(support), dtype=torch.bool))
    found = asked(always, view, episodes)
    assert not found.order
    assert found.state is False
    never = Adapting(lambda support: torch.zeros(len(support), dtype=torch.bool))
    found = asked(never, view, episodes)
    assert found.order
    assert found.state

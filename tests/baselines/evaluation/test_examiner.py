import numpy as np
import pytest
import torch

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.config import load_recipe
from fewbench.baselines.evaluation.examiner import answer
from fewbench.baselines.learner import BaselineError, Learner, LearnerCard
from fewbench.baselines.metric.centroid import Centroid
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

SPEC = EpisodeSpec(5, 2, 6)


@pytest.fixture(scope="session")
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]], rotations=True)


@pytest.fixture(scope="session")
def episodes(view: ImageView) -> EpisodeBatch:
    return sample_episodes(view.class_offsets, SPEC, 3, 0, 200)


def one_by_one(learner: Learner, view: ImageView, episodes: EpisodeBatch) -> np.ndarray:
    """The plain loop that everybody writes."""
    predictions = []
    for support, query in zip(episodes.support, episodes.query, strict=True):
        labels = np.repeat(np.arange(SPEC.n_way), SPEC.n_shot)
        scores = learner.predict(
            view.images(support.reshape(-1)), labels, view.images(query.reshape(-1))
        )
        predictions.append(scores.argmax(axis=1))
    return np.stack(predictions)


@pytest.mark.parametrize("name", ["centroid", "protonet"])
def test_embedding_once_predicts_what_a_plain_loop_predicts(
    name: str, view: ImageView, episodes: EpisodeBatch
) -> None:
    learner = (
        Centroid()
        if name == "centroid"
        else make_learner(
            load_recipe("protonet-glyphs"), (28, 28, 1), torch.device("cpu")
        )
    )
    predictions = answer(learner, view, episodes, 3).predictions
    assert predictions.dtype == np.uint8
    assert predictions.shape == (200, 30)
    np.testing.assert_array_equal(predictions, one_by_one(learner, view, episodes))


def test_each_distinct_image_is_embedded_once(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    class Counting(Centroid):
        n_images = 0

        def embed(self, images: np.ndarray) -> torch.Tensor:
            self.n_images += len(images)
            return super().embed(images)

    learner = Counting()
    answer(learner, view, episodes, 3)
    used = np.union1d(episodes.support, episodes.query)
    assert learner.n_images == len(used)


def perfect(
    support_images: np.ndarray, support_labels: np.ndarray, query_images: np.ndarray
):
    """Knows the drawings: a query matches the support image with the most equal bright pixels."""
    bright = (support_images > 200).reshape(len(support_images), -1).astype(float)
    matches = (query_images > 200).reshape(len(query_images), -1) @ bright.T
    return np.stack(
        [matches[:, support_labels == w].sum(axis=1) for w in range(5)], axis=1
    )


def test_a_perfect_function_scores_one_and_a_constant_one_exactly_one_in_n_way(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    truth = np.repeat(np.arange(5), 6)
    assert (
        answer(as_learner(perfect), view, episodes, 3).predictions == truth
    ).mean() == 1

    def constant(support_images, support_labels, query_images):
        return np.zeros((len(query_images), 5))

    assert (
        answer(as_learner(constant), view, episodes, 3).predictions == truth
    ).mean() == 1 / 5


def test_the_place_of_a_query_image_says_nothing_of_its_class(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    """A function that answers by position alone must stay at chance."""

    def by_position(support_images, support_labels, query_images):
        return np.eye(5)[np.arange(len(query_images)) * 5 // len(query_images)]

    predictions = answer(as_learner(by_position), view, episodes, 3).predictions
    accuracy = (predictions == np.repeat(np.arange(5), 6)).mean()
    assert abs(accuracy - 0.2) < 0.02


def test_neither_does_it_to_a_classifier_of_embeddings(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    class ByPosition(Centroid):
        def classify(
            self, support_features: torch.Tensor, query_features: torch.Tensor
        ) -> torch.Tensor:
            del support_features
            n_episodes, n_queries, _ = query_features.shape
            places = torch.arange(n_queries) * 5 // n_queries
            return torch.eye(5)[places].expand(n_episodes, n_queries, 5)

    predictions = answer(ByPosition(), view, episodes, 3).predictions
    assert abs((predictions == np.repeat(np.arange(5), 6)).mean() - 0.2) < 0.02


def test_functions_get_writable_images_of_the_documented_shape(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    def check(support_images, support_labels, query_images):
        assert support_images.shape == (10, 28, 28, 1)
        assert query_images.shape == (30, 28, 28, 1)
        assert support_images.dtype == query_images.dtype == np.uint8
        assert support_labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
        support_images[:] = 0
        support_labels[:] = 0
        return np.zeros((30, 5))

    answer(as_learner(check), view, episodes, 3)
    assert answer(Centroid(), view, episodes, 3).predictions.max() == 4


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros((30, 4)), r"episode 0: scores must have the shape \(30, 5\)"),
        (np.zeros(30), r"got \(30,\)"),
        (np.full((30, 5), np.nan), "NaN"),
    ],
)
def test_malformed_scores_get_a_sentence(
    view: ImageView, episodes: EpisodeBatch, scores: np.ndarray, message: str
) -> None:
    with pytest.raises(BaselineError, match=message):
        answer(as_learner(lambda *_: scores, "model"), view, episodes, 3)


def test_progress_reports_every_stage_to_its_end(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    seen: dict[str, tuple[int, int]] = {}
    answer(
        Centroid(),
        view,
        episodes,
        3,
        lambda stage, *counts: seen.update({stage: counts}),
    )
    assert set(seen) == {"embed", "classify"}
    assert all(done == total for done, total in seen.values())


def test_a_card_says_what_made_the_answers() -> None:
    assert Centroid().card == LearnerCard("centroid", backbone="pixels", device="cpu")

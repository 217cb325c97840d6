import itertools

import numpy as np
import pytest
import torch

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.evaluation.answers import Answers
from fewbench.baselines.evaluation.examiner import (
    Examiner,
    answer,
    range_step,
)
from fewbench.baselines.learner import BaselineError, Learner, LearnerCard
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.progress import SeenProgress

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
            load_recipe("protonet-glyphs", ["width=16"]),
            (28, 28, 1),
            torch.device("cpu"),
        )
    )
    predictions = answer(learner, view, episodes, 3).predictions
    assert predictions.dtype == np.uint8
    assert predictions.shape == (200, 30)
    np.testing.assert_array_equal(predictions, one_by_one(learner, view, episodes))


class Counting(Centroid):
    n_images = 0

    def embed(self, images: np.ndarray) -> torch.Tensor:
        self.n_images += len(images)
        return super().embed(images)


def test_each_image_of_the_split_is_embedded_once(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    learner = Counting()
    answer(learner, view, episodes, 3)
    assert 2 * len(np.union1d(episodes.support, episodes.query)) >= len(view)
    assert learner.n_images == len(view)


def test_only_few_images_are_embedded_where_episodes_use_few(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    learner = Counting()
    few = episodes.range(0, 2)
    answer(learner, view, few, 3)
    assert learner.n_images == len(np.union1d(few.support, few.query)) < len(view) / 2


def test_an_encoder_that_counts_its_calls_stays_at_chance(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    """Images come in an order that does not reveal their class."""

    class CallCounter(Centroid):
        n_seen = 0

        def embed(self, images: np.ndarray) -> torch.Tensor:
            places = torch.arange(self.n_seen, self.n_seen + len(images))
            self.n_seen += len(images)
            return places[:, None].float()

    predictions = answer(CallCounter(), view, episodes, 3).predictions
    accuracy = (predictions == np.repeat(np.arange(5), 6)).mean()
    assert abs(accuracy - 0.2) < 0.03


def perfect(
    support_images: np.ndarray, support_labels: np.ndarray, query_images: np.ndarray
):
    """Knows the drawings: a query matches the support image with the most equal bright pixels."""
    bright = (support_images > 200).reshape(len(support_images), -1).astype(float)
    matches = (query_images > 200).reshape(len(query_images), -1) @ bright.T
    return np.stack(
        [matches[:, support_labels == w].sum(axis=1) for w in range(5)], axis=1
    )


def test_a_perfect_function_scores_one_and_a_constant_one_guesses(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    truth = np.repeat(np.arange(5), 6)
    assert (
        answer(as_learner(perfect), view, episodes, 3).predictions == truth
    ).mean() == 1

    def constant(support_images, support_labels, query_images):
        return np.zeros((len(query_images), 5))

    accuracies = (
        answer(as_learner(constant), view, episodes, 3).predictions == truth
    ).mean(axis=1)
    assert abs(accuracies.mean() - 1 / 5) < 0.02
    assert accuracies.std() > 0.05


def test_the_place_of_a_query_image_does_not_reveal_its_class(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    """A function that answers by position alone must stay at chance."""

    def by_position(support_images, support_labels, query_images):
        return np.eye(5)[np.arange(len(query_images)) * 5 // len(query_images)]

    predictions = answer(as_learner(by_position), view, episodes, 3).predictions
    accuracy = (predictions == np.repeat(np.arange(5), 6)).mean()
    assert abs(accuracy - 0.2) < 0.02


def test_a_classifier_of_embeddings_learns_nothing_from_the_place_either(
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
    seen = SeenProgress()
    answer(Centroid(), view, episodes, 3, seen)
    last = {stage: (done, total) for stage, done, total in seen.steps}
    assert set(last) == {"embed", "classify"}
    assert all(done == total for done, total in last.values())


def test_a_card_says_what_made_the_answers() -> None:
    assert Centroid().card == LearnerCard(
        "centroid", backbone="pixels", device="cpu", from_scratch=True
    )


@pytest.fixture
def plain_view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]])


N_EPISODES = 1100


@pytest.fixture
def many(plain_view: ImageView) -> EpisodeBatch:
    offsets = plain_view.class_offsets
    return sample_episodes(offsets, EpisodeSpec(5, 1, 4), 3, 0, N_EPISODES)


def untrained(recipe: str) -> Learner:
    config = load_recipe(recipe, ["width=4", "precision=fp32"])
    return make_learner(config, (28, 28, 1), torch.device("cpu"))


def order_dependent(
    support_images: np.ndarray, support_labels: np.ndarray, query_images: np.ndarray
):
    """Probabilities that depend on the order of the query images."""
    seed = int(query_images[:9].sum())
    return np.random.default_rng(seed).dirichlet(np.ones(5), len(query_images))


def probabilities() -> Learner:
    learner = as_learner(order_dependent)
    learner.scores_are = "probabilities"
    return learner


@pytest.mark.parametrize("n_pieces", [2, 7])
@pytest.mark.parametrize(
    ("make", "n_episodes"),
    [
        (Centroid, N_EPISODES),
        (lambda: untrained("protonet-glyphs"), N_EPISODES),
        (lambda: untrained("maml-glyphs"), 230),
        (probabilities, 230),
    ],
    ids=["centroid", "encoder", "maml", "function"],
)
def test_ranges_join_to_the_bytes_of_one_run(
    make, n_episodes: int, n_pieces: int, plain_view: ImageView, many: EpisodeBatch
) -> None:
    """Each piece has a learner and an examiner of its own, as on another machine."""
    episodes = many.range(0, n_episodes)
    whole = answer(make(), plain_view, episodes, 3)
    step = range_step(make())
    n_steps = -(-n_episodes // step)
    cuts = [step * (i * n_steps // n_pieces) for i in range(n_pieces)]
    parts = []
    for start, end in itertools.pairwise([*cuts, n_episodes]):
        if start < end:
            examiner = Examiner(make(), plain_view, 3)
            parts.append(examiner.answer(episodes.range(start, end), start))
    assert len(parts) == min(n_pieces, n_steps)
    joined = Answers.joined(parts[::-1])
    assert joined.predictions.tobytes() == whole.predictions.tobytes()
    assert (joined.calibration is None) == (whole.calibration is None)
    if joined.calibration is not None and whole.calibration is not None:
        assert joined.calibration.tobytes() == whole.calibration.tobytes()


def test_a_range_starts_at_a_multiple_of_the_step(
    plain_view: ImageView, many: EpisodeBatch
) -> None:
    examiner = Examiner(Centroid(), plain_view, 3)
    with pytest.raises(BaselineError, match="multiple of 256, got 300. Start at 256"):
        examiner.answer(many.range(300, 400), 300)


def test_ranges_embed_no_image_twice(plain_view: ImageView, many: EpisodeBatch) -> None:
    learner = Counting()
    examiner = Examiner(learner, plain_view, 3)
    for start in range(0, N_EPISODES, 256):
        examiner.answer(many.range(start, start + 256), start)
    assert learner.n_images == len(plain_view)


def test_more_than_256_ways_are_refused(view: ImageView) -> None:
    many = EpisodeBatch(
        classes=np.zeros((1, 257), np.int64),
        support=np.zeros((1, 257, 1), np.int64),
        query=np.zeros((1, 257, 1), np.int64),
    )
    with pytest.raises(BaselineError, match="257-way.*at most 256 ways"):
        answer(Centroid(), view, many, 3)

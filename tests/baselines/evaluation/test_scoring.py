"""The scores of many episodes are those of each episode on its own."""

import numpy as np
import pytest
import torch

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.device.images import Pixels
from fewbench.baselines.evaluation import scoring
from fewbench.baselines.evaluation.feature_table import new_table
from fewbench.baselines.evaluation.scoring import (
    score_features,
    score_one_by_one,
    score_tasks,
)
from fewbench.baselines.learner import TaskLearner
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

N_EPISODES = 70


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]])


@pytest.fixture
def episodes(view: ImageView) -> EpisodeBatch:
    spec = EpisodeSpec(5, 2, 3)
    return sample_episodes(view.class_offsets, spec, 1, 0, N_EPISODES)


def plain_scores(learner, view: ImageView, episodes: EpisodeBatch) -> np.ndarray:
    labels = np.arange(5).repeat(2)
    scores = []
    for support, query in zip(episodes.support, episodes.query, strict=True):
        support_images = view.images(support.reshape(-1))
        query_images = view.images(query.reshape(-1))
        scores.append(learner.predict(support_images, labels, query_images))
    return np.stack(scores)


@pytest.mark.parametrize("values", [1, 1 << 22])
def test_features_in_batches_of_any_size(
    view: ImageView,
    episodes: EpisodeBatch,
    values: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scoring, "_VALUES_PER_CHUNK", values)
    learner = Centroid()
    embedded = learner.embed(view.images(np.arange(len(view))))
    features = new_table(len(view), embedded)
    features.write(0, embedded)
    query = episodes.query.reshape(N_EPISODES, -1)
    scored = list(score_features(learner, features, episodes.support, query))
    assert sum(count for count, _ in scored) == N_EPISODES
    assert len(scored) == (N_EPISODES if values == 1 else 1)
    found = np.concatenate([scores for _, scores in scored])
    np.testing.assert_allclose(
        found, plain_scores(learner, view, episodes), rtol=1e-4, atol=1e-3
    )


def test_tasks_come_in_batches_of_32(view: ImageView, episodes: EpisodeBatch) -> None:
    config = load_recipe("maml-glyphs", ["width=8", "precision=fp32"])
    learner = make_learner(config, (28, 28, 1), torch.device("cpu"))
    assert isinstance(learner, TaskLearner)
    pixels = Pixels(view, torch.device("cpu"))
    query = episodes.query.reshape(N_EPISODES, -1)
    scored = list(score_tasks(learner, pixels, episodes.support, query))
    assert [count for count, _ in scored] == [32, 32, 6]
    found = np.concatenate([scores for _, scores in scored])
    np.testing.assert_allclose(
        found, plain_scores(learner, view, episodes), rtol=1e-3, atol=1e-3
    )


def test_one_by_one_gives_each_episode_its_own_labels(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    seen: list[list[int]] = []

    def overwrite(support_images, support_labels, query_images):
        seen.append(support_labels.tolist())
        support_labels[:] = 9
        return np.zeros((len(query_images), 5))

    query = episodes.query.reshape(N_EPISODES, -1)
    learner = as_learner(overwrite)
    scored = list(score_one_by_one(learner, view, episodes.support, query))
    assert [count for count, _ in scored] == [1] * N_EPISODES
    assert scored[0][1].shape == (1, 15, 5)
    assert all(labels == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] for labels in seen)

"""Compute the scores of many episodes, with a function for each kind of learner.

Each function yields one batch of episodes after another: the number of episodes in the
batch, and their scores, float (n_episodes, n_queries, n_way).
"""

from collections.abc import Iterator

import numpy as np

from ...datasets.view import ImageView
from ..device.images import Pixels
from ..device.malloc import keep_large_blocks
from ..learner import BaselineError, EmbeddingLearner, Learner, TaskLearner
from ..outputs import score_array
from .feature_table import FeatureTable

# The number of episodes in a chunk, which is classified at once. It is halved until the
# features of a chunk have at most _VALUES_PER_CHUNK values. It stays a power of two, so
# chunks start at the same episodes in every range.
EPISODES_PER_CHUNK = 256
_VALUES_PER_CHUNK = 1 << 22
# The number of episodes in a chunk for a `TaskLearner`. The learner divides the chunk
# further if memory is short.
TASKS_PER_CHUNK = 32

# The number of episodes in a batch, and their scores.
Scored = tuple[int, np.ndarray]


def score_features(
    learner: EmbeddingLearner,
    features: FeatureTable,
    support: np.ndarray,
    query: np.ndarray,
) -> Iterator[Scored]:
    """Yield the scores of an `EmbeddingLearner`, from features that are computed already.

    support: int64 (n_episodes, n_way, n_shot) rows of `features`
    query: int64 (n_episodes, n_queries) rows of `features`
    """
    n_episodes, n_way, n_shot = support.shape
    n_queries = query.shape[1]
    n_images = n_queries + n_way * n_shot
    size = _chunk_size(n_images * features.width)
    for first in range(0, n_episodes, size):
        here = slice(first, first + size)
        scores = learner.classify(
            features.at(support[here]),
            features.at(query[here]),
        )
        yield len(query[here]), score_array(scores)


def _chunk_size(values_of_episode: int) -> int:
    size = EPISODES_PER_CHUNK
    while size > 1 and size * values_of_episode > _VALUES_PER_CHUNK:
        size //= 2
    return size


def score_tasks(
    learner: TaskLearner,
    pixels: Pixels,
    support: np.ndarray,
    query: np.ndarray,
) -> Iterator[Scored]:
    """Yield the scores of a `TaskLearner`, which gets several episodes at once.

    support: int64 (n_episodes, n_way, n_shot) indices of images
    query: int64 (n_episodes, n_queries) indices of images
    Raises BaselineError if the learner cannot tell n_way classes apart.
    """
    keep_large_blocks()
    n_episodes, n_way, _ = support.shape
    learner.check_way(n_way)
    flat_support = support.reshape(n_episodes, -1)
    for first in range(0, n_episodes, TASKS_PER_CHUNK):
        here = slice(first, first + TASKS_PER_CHUNK)
        scores = learner.predict_tasks(
            pixels.gather(flat_support[here]),
            pixels.gather(query[here]),
        )
        yield len(query[here]), score_array(scores)


def score_one_by_one(
    learner: Learner,
    view: ImageView,
    support: np.ndarray,
    query: np.ndarray,
) -> Iterator[Scored]:
    """Yield the scores of a learner that gets one episode at a time.

    support: int64 (n_episodes, n_way, n_shot) indices of images in the view
    query: int64 (n_episodes, n_queries) indices of images in the view
    """
    _, n_way, n_shot = support.shape
    labels = np.repeat(np.arange(n_way), n_shot)
    for support_indices, query_indices in zip(support, query, strict=True):
        scores = learner.predict(
            view.images(support_indices.reshape(-1)),
            # A copy, since the learner may write to its arguments.
            labels.copy(),
            view.images(query_indices),
        )
        yield 1, score_array(scores)[None]


def check_scores(
    scores: np.ndarray,
    expected: tuple[int, int, int],
    episode: int,
) -> None:
    """Raise BaselineError if scores have the wrong shape or are not finite.

    expected: the shape (n_episodes, n_queries, n_way)
    episode: the number of the first episode, for the message
    """
    if scores.shape != expected:
        n_episodes, n_queries, n_way = expected
        got = scores.shape
        if len(scores) == n_episodes:
            # The shape for one episode, which is what the user's function returned.
            got = scores.shape[1:]
        raise BaselineError(
            f"episode {episode}: scores must have the shape {(n_queries, n_way)}: "
            f"expected a row for each query image and a column for each class, got "
            f"{got}. Change what the model returns."
        )
    if not np.isfinite(scores).all():
        raise BaselineError(
            f"episode {episode}: scores must be finite numbers, got NaN or inf in this "
            f"episode or in a later episode of the same batch. Change what the model "
            f"returns, or train it with a lower learning rate."
        )

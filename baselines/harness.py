"""How a learner answers many episodes: embed every distinct image once, classify in batches."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..datasets.episodes import EpisodeBatch, EpisodeSpec, query_orders
from ..datasets.view import ImageView
from .learner import BaselineError, EmbeddingLearner, Learner, TaskLearner
from .memory import keep_large_blocks
from .pixels import Pixels

# Images of one forward pass: intermediate results of 28 px then fit in the processor's cache.
_PIXELS_PER_BATCH = 128 * 28 * 28
# Episodes that a learner of tasks gets at once; it splits them further as its memory asks.
_TASKS_PER_REPORT = 32
# Features of the episodes that are classified at once.
_FEATURES_PER_BATCH = 1 << 22

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Answers:
    """Predicted labels of all query images, and where the time went.

    predictions: uint8 (n_episodes, n_way * n_query), class by class: query j is of class
        j // n_query
    """

    predictions: np.ndarray
    seconds: dict[str, float]


def answer(
    learner: Learner,
    view: ImageView,
    episodes: EpisodeBatch,
    seed: int,
    progress: Progress | None = None,
) -> Answers:
    """The learner's predictions for every episode.

    Raises BaselineError when scores have the wrong shape or are not numbers.
    """
    if episodes.classes.shape[1] > 256:
        raise BaselineError("at most 256 ways can be evaluated; choose a smaller protocol.")
    report = progress or (lambda *_: None)
    if isinstance(learner, EmbeddingLearner):
        return _answer_by_embedding(learner, view, episodes, seed, report)
    if isinstance(learner, TaskLearner):
        return _answer_tasks(learner, view, episodes, seed, report)
    return _answer_one_by_one(learner, view, episodes, seed, report)


def _answer_by_embedding(
    learner: EmbeddingLearner, view: ImageView, episodes: EpisodeBatch, seed: int, report: Progress
) -> Answers:
    start = time.perf_counter()
    wanted = np.zeros(len(view), dtype=bool)
    wanted[episodes.support] = True
    wanted[episodes.query] = True
    distinct = np.flatnonzero(wanted)
    features = embed_images(learner, view, distinct, report)
    embedded = time.perf_counter()
    row_of = np.cumsum(wanted) - 1
    n_episodes, n_way = episodes.classes.shape
    order = query_orders(episodes.query[0].size, seed, 0, n_episodes)
    support = row_of[episodes.support].reshape(n_episodes, n_way, -1)
    query = np.take_along_axis(row_of[episodes.query].reshape(n_episodes, -1), order, axis=1)
    shuffled = _classify_all(learner, features, support, query, report)
    predictions = np.empty_like(shuffled)
    np.put_along_axis(predictions, order, shuffled, axis=1)
    classified = time.perf_counter()
    return Answers(predictions, {"embed": embedded - start, "classify": classified - embedded})


def embed_images(
    learner: EmbeddingLearner, view: ImageView, indices: np.ndarray, report: Progress
) -> Tensor:
    """Features of the view images at `indices`, in bounded batches: (len(indices), d)"""
    height, width, _ = view.image_shape
    size = max(1, _PIXELS_PER_BATCH // (height * width))
    features: Tensor | None = None
    for first in range(0, len(indices), size):
        batch = learner.embed(view.images(indices[first : first + size]))
        if features is None:
            features = batch.new_empty((len(indices), batch.shape[1]))
        features[first : first + len(batch)] = batch
        report("embed", first + len(batch), len(indices))
    if features is None:
        raise BaselineError("there is no image to embed.")
    return features


def _classify_all(
    learner: EmbeddingLearner,
    features: Tensor,
    support: np.ndarray,
    query: np.ndarray,
    report: Progress,
) -> np.ndarray:
    """Winning class of every query, from rows of `features`: uint8 (n_episodes, n_queries)

    support: int64 (n_episodes, n_way, n_shot); query: int64 (n_episodes, n_queries)
    """
    n_episodes, n_way, n_shot = support.shape
    n_queries, width = query.shape[1], features.shape[1]
    size = max(1, _FEATURES_PER_BATCH // ((n_queries + n_way * n_shot) * width))
    predictions = np.empty((n_episodes, n_queries), np.uint8)
    for first in range(0, n_episodes, size):
        here = slice(first, first + size)
        n_here = len(query[here])
        gathered = (
            features[torch.from_numpy(rows[here].reshape(-1)).to(features.device)]
            for rows in (support, query)
        )
        shapes = (n_here, n_way, n_shot, width), (n_here, n_queries, width)
        parts = (one.reshape(shape) for one, shape in zip(gathered, shapes, strict=True))
        scores = learner.classify(*parts).cpu().numpy()
        predictions[here] = _winners(scores, (n_here, n_queries, n_way), first)
        report("classify", first + n_here, n_episodes)
    return predictions


def _answer_tasks(
    learner: TaskLearner, view: ImageView, episodes: EpisodeBatch, seed: int, report: Progress
) -> Answers:
    keep_large_blocks()
    start = time.perf_counter()
    n_episodes, n_way = episodes.classes.shape
    learner.check_way(n_way)
    pixels = Pixels(view, learner.device)
    support = episodes.support.reshape(n_episodes, -1)
    query = episodes.query.reshape(n_episodes, -1)
    n_queries = query.shape[1]
    orders = query_orders(n_queries, seed, 0, n_episodes)
    shuffled = np.take_along_axis(query, orders, axis=1)
    predictions = np.empty((n_episodes, n_queries), np.uint8)
    for first in range(0, n_episodes, _TASKS_PER_REPORT):
        here = slice(first, first + _TASKS_PER_REPORT)
        images = (pixels.gather(rows[here]) for rows in (support, shuffled))
        scores = learner.predict_tasks(*images).cpu().numpy()
        winners = _winners(scores, (len(scores), n_queries, n_way), first)
        np.put_along_axis(predictions[here], orders[here], winners.astype(np.uint8), axis=1)
        report("episodes", first + len(scores), n_episodes)
    return Answers(predictions, {"episodes": time.perf_counter() - start})


def _answer_one_by_one(
    learner: Learner, view: ImageView, episodes: EpisodeBatch, seed: int, report: Progress
) -> Answers:
    start = time.perf_counter()
    n_episodes, n_way = episodes.classes.shape
    n_queries = episodes.query[0].size
    spec = EpisodeSpec(n_way, episodes.support.shape[2], episodes.query.shape[2])
    labels = np.repeat(np.arange(n_way), spec.n_shot)
    orders = query_orders(n_queries, seed, 0, n_episodes)
    predictions = np.empty((n_episodes, n_queries), np.uint8)
    for e in range(n_episodes):
        order = orders[e]
        scores = learner.predict(
            view.images(episodes.support[e].reshape(-1)),
            labels.copy(),
            view.images(episodes.query[e].reshape(-1)[order]),
        )
        predictions[e, order] = _winners(scores, (n_queries, n_way), e)
        report("episodes", e + 1, n_episodes)
    return Answers(predictions, {"episodes": time.perf_counter() - start})


def _winners(scores: np.ndarray, expected: tuple[int, ...], episode: int) -> np.ndarray:
    """Index of the highest score of each query; the first one when scores are equal."""
    if scores.shape != expected:
        raise BaselineError(
            f"episode {episode}: scores must have the shape {expected}: a row for each query "
            f"image and a column for each class; got {scores.shape}."
        )
    if not np.isfinite(scores).all():
        raise BaselineError(f"episode {episode}: scores must be finite numbers, got NaN or inf.")
    return scores.argmax(axis=-1)

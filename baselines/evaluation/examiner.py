"""How a learner answers many episodes: embed every distinct image once, classify in batches."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...datasets.episodes import EpisodeBatch, query_orders
from ...datasets.view import ImageView
from ..device.images import Pixels
from ..device.malloc import keep_large_blocks
from ..learner import BaselineError, EmbeddingLearner, Learner, TaskLearner
from .calibration import CalibrationTally

# Images of one forward pass: intermediate results of 28 px then fit in the processor's cache.
_PIXELS_PER_BATCH = 128 * 28 * 28
# Episodes that a learner of tasks gets at once; it splits them further as its memory asks.
_TASKS_PER_REPORT = 32
# Features of the episodes that are classified at once.
_FEATURES_PER_BATCH = 1 << 22

Progress = Callable[[str, int, int], None]
# How many episodes, and their scores.
Scored = tuple[int, np.ndarray]


@dataclass(frozen=True, eq=False)
class Answers:
    """Predicted labels of all query images, and where the time went.

    predictions: uint8 (n_episodes, n_way * n_query), class by class: query j is of class
        j // n_query
    calibration: float64 (100, 3) see `CalibrationTally`; None where scores are no probabilities
    """

    predictions: np.ndarray
    seconds: dict[str, float]
    calibration: np.ndarray | None = None


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
    return Examiner(learner, view, seed, progress).answer(episodes)


class Examiner:
    """Puts the episodes of a stream to a learner, batch after batch; images stay embedded.

    seed: of the stream: it also shuffles the query images of each episode
    """

    def __init__(
        self,
        learner: Learner,
        view: ImageView,
        seed: int,
        progress: Progress | None = None,
    ) -> None:
        self.learner, self.view, self.seed = learner, view, seed
        self._report = progress or (lambda *_: None)
        self._features: Tensor | None = None
        self._row_of = np.full(len(view), -1)  # of `_features`; -1: not embedded yet
        self._pixels: Pixels | None = None

    def answer(self, episodes: EpisodeBatch, start: int = 0) -> Answers:
        """As the function `answer`, for episodes `start` and following of the stream."""
        began = time.perf_counter()
        n_episodes, n_way = episodes.classes.shape
        if n_way > 256:
            raise BaselineError(
                "at most 256 ways can be evaluated; choose a smaller protocol."
            )
        n_query = episodes.query.shape[2]
        order = query_orders(n_way * n_query, self.seed, start, n_episodes)
        query = np.take_along_axis(
            episodes.query.reshape(n_episodes, -1), order, axis=1
        )
        predictions = np.empty((n_episodes, n_way * n_query), np.uint8)
        tally = CalibrationTally(self.learner.scores_are, self.learner.temperature)
        stage, scored = self._scores(episodes.support, query)
        prepared = time.perf_counter()
        done = 0
        for count, scores in scored:
            here = slice(done, done + count)
            _check(scores, (count, n_way * n_query, n_way), start + done)
            winners = scores.argmax(axis=-1).astype(np.uint8)
            tally.add(scores, winners, order[here] // n_query)
            np.put_along_axis(predictions[here], order[here], winners, axis=1)
            done += count
            self._report(stage, start + done, start + n_episodes)
        seconds = {"embed": prepared - began} if stage == "classify" else {}
        seconds[stage] = time.perf_counter() - prepared
        return Answers(predictions, seconds, tally.counts)

    def _scores(
        self, support: np.ndarray, query: np.ndarray
    ) -> tuple[str, Iterator[Scored]]:
        """What is timed, and scores (n, n_queries, n_way) of the next n episodes each time.

        support: int64 (n_episodes, n_way, n_shot); query: int64 (n_episodes, n_queries)
        """
        if isinstance(self.learner, EmbeddingLearner):
            features = self._embedded(self.learner, support, query)
            rows = self._row_of[support], self._row_of[query]
            return "classify", _classify(self.learner, features, *rows)
        if isinstance(self.learner, TaskLearner):
            self._pixels = self._pixels or Pixels(self.view, self.learner.device)
            return "episodes", _answer_tasks(self.learner, self._pixels, support, query)
        return "episodes", _answer_one_by_one(self.learner, self.view, support, query)

    def _embedded(self, learner: EmbeddingLearner, *wanted: np.ndarray) -> Tensor:
        """The features so far, with those of images that are wanted for the first time."""
        new = np.zeros(len(self.view), dtype=bool)
        for indices in wanted:
            new[indices] = True
        indices = np.flatnonzero(new & (self._row_of < 0))
        if self._features is None:
            self._features = embed_images(learner, self.view, indices, self._report)
            self._row_of[indices] = np.arange(len(indices))
        elif len(indices):
            more = embed_images(learner, self.view, indices, self._report)
            self._row_of[indices] = len(self._features) + np.arange(len(indices))
            self._features = torch.cat([self._features, more])
        return self._features


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


def _classify(
    learner: EmbeddingLearner, features: Tensor, support: np.ndarray, query: np.ndarray
) -> Iterator[Scored]:
    """Scores from rows of `features`."""
    n_episodes, n_way, n_shot = support.shape
    n_queries, width = query.shape[1], features.shape[1]
    size = max(1, _FEATURES_PER_BATCH // ((n_queries + n_way * n_shot) * width))
    for first in range(0, n_episodes, size):
        here = slice(first, first + size)
        n_here = len(query[here])
        gathered = (
            features[torch.from_numpy(rows[here].reshape(-1)).to(features.device)]
            for rows in (support, query)
        )
        shapes = (n_here, n_way, n_shot, width), (n_here, n_queries, width)
        parts = (
            one.reshape(shape) for one, shape in zip(gathered, shapes, strict=True)
        )
        yield n_here, learner.classify(*parts).cpu().numpy()


def _answer_tasks(
    learner: TaskLearner, pixels: Pixels, support: np.ndarray, query: np.ndarray
) -> Iterator[Scored]:
    keep_large_blocks()
    learner.check_way(support.shape[1])
    flat = support.reshape(len(support), -1)
    for first in range(0, len(support), _TASKS_PER_REPORT):
        here = slice(first, first + _TASKS_PER_REPORT)
        images = (pixels.gather(rows[here]) for rows in (flat, query))
        yield len(query[here]), learner.predict_tasks(*images).cpu().numpy()


def _answer_one_by_one(
    learner: Learner, view: ImageView, support: np.ndarray, query: np.ndarray
) -> Iterator[Scored]:
    n_way, n_shot = support.shape[1:]
    labels = np.repeat(np.arange(n_way), n_shot)
    for few, many in zip(support, query, strict=True):
        pixels = view.images(few.reshape(-1)), view.images(many)
        yield 1, learner.predict(pixels[0], labels.copy(), pixels[1])[None]


def _check(scores: np.ndarray, expected: tuple[int, ...], episode: int) -> None:
    if scores.shape != expected:
        got = scores.shape[1:] if len(scores) == expected[0] else scores.shape
        raise BaselineError(
            f"episode {episode}: scores must have the shape {expected[1:]}: a row for each query "
            f"image and a column for each class; got {got}."
        )
    if not np.isfinite(scores).all():
        raise BaselineError(
            f"episode {episode}: scores must be finite numbers, got NaN or inf."
        )

"""A learner's predictions for many episodes.

Every distinct image is embedded only once, and episodes are classified in batches.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fewbench.progress import Progress

from ...datasets.episodes import EpisodeBatch, query_orders
from ...datasets.view import ImageView
from ..device.images import Pixels
from ..learner import BaselineError, EmbeddingLearner, Learner, TaskLearner
from .calibration import CalibrationTally
from .scoring import Scored, score_features, score_one_by_one, score_tasks

# Predicted labels are stored as uint8.
_MOST_WAYS = 256
# Pixels of one forward pass. At 28 px, its intermediate results then fit in the
# processor's cache.
_PIXELS_PER_BATCH = 128 * 28 * 28


@dataclass(frozen=True, eq=False)
class Answers:
    """Predicted labels of all query images, and where the time went.

    predictions: uint8 (n_episodes, n_way * n_query), class by class: query j is of class
        j // n_query
    seconds: stage -> its duration
    calibration: float64 (100, 3), see `CalibrationTally`; None if the scores are no
        probabilities
    """

    predictions: np.ndarray
    seconds: dict[str, float]
    calibration: np.ndarray | None = None

    @classmethod
    def joined(cls, batches: Sequence["Answers"]) -> "Answers":
        """The answers to several batches as one. Times and calibration counts are added."""
        seconds: dict[str, float] = {}
        tallies: list[np.ndarray] = []
        predictions: list[np.ndarray] = []
        for batch in batches:
            predictions.append(batch.predictions)
            for stage, duration in batch.seconds.items():
                seconds.setdefault(stage, 0.0)
                seconds[stage] += duration
            if batch.calibration is not None:
                tallies.append(batch.calibration)
        calibration = None
        if tallies:
            calibration = np.sum(tallies, axis=0)
        return cls(
            predictions=np.concatenate(predictions),
            seconds=seconds,
            calibration=calibration,
        )


def answer(
    learner: Learner,
    view: ImageView,
    episodes: EpisodeBatch,
    seed: int,
    progress: Progress | None = None,
) -> Answers:
    """The learner's predictions for every episode.

    seed: of the stream that the episodes are from; it also shuffles their query images
    Raises BaselineError when scores have the wrong shape or are not finite.
    """
    examiner = Examiner(learner, view, seed, progress)
    return examiner.answer(episodes)


class Examiner:
    """Puts the episodes of a stream to a learner, batch after batch.

    Embedded images are kept from one batch to the next.

    seed: of the stream; it also shuffles the query images of each episode
    """

    def __init__(
        self,
        learner: Learner,
        view: ImageView,
        seed: int,
        progress: Progress | None = None,
    ) -> None:
        self.learner = learner
        self.view = view
        self.seed = seed
        self._report = progress or _report_nothing
        self._features: Tensor | None = None
        # The row of each view image in `_features`, -1 if it is not embedded yet.
        self._row_of = np.full(len(view), -1)
        self._pixels: Pixels | None = None

    def answer(self, episodes: EpisodeBatch, start: int = 0) -> Answers:
        """As the function `answer`, for the episodes from `start` on of the stream."""
        began = time.perf_counter()
        n_episodes, n_way, n_query = episodes.query.shape
        _check_way(n_way)
        n_queries = n_way * n_query
        order = query_orders(n_queries, self.seed, start, n_episodes)
        in_class_order = episodes.query.reshape(n_episodes, n_queries)
        query = np.take_along_axis(in_class_order, order, axis=1)
        stage, scored = self._score(episodes.support, query)
        prepared = time.perf_counter()

        predictions = np.empty(order.shape, np.uint8)
        tally = CalibrationTally(
            self.learner.scores_are,
            self.learner.temperature,
        )
        first = 0
        for count, scores in scored:
            end = first + count
            expected = (count, n_queries, n_way)
            _check_scores(scores, expected, start + first)
            predicted = scores.argmax(axis=-1)
            predicted = predicted.astype(np.uint8)
            order_here = order[first:end]
            labels = order_here // n_query
            tally.add(scores, predicted, labels)
            # Back into class order.
            here = predictions[first:end]
            np.put_along_axis(here, order_here, predicted, axis=1)
            self._report(stage, start + end, start + n_episodes)
            first = end

        finished = time.perf_counter()
        seconds: dict[str, float] = {}
        if stage == "classify":
            seconds["embed"] = prepared - began
        seconds[stage] = finished - prepared
        return Answers(predictions, seconds, tally.counts)

    def _score(
        self,
        support: np.ndarray,
        query: np.ndarray,
    ) -> tuple[str, Iterator[Scored]]:
        """The name of the stage, and the scores of all episodes, see `scoring`.

        support: int64 (n_episodes, n_way, n_shot)
        query: int64 (n_episodes, n_queries)
        """
        learner = self.learner
        if isinstance(learner, EmbeddingLearner):
            features = self._embed(learner, support, query)
            support_rows = self._row_of[support]
            query_rows = self._row_of[query]
            scored = score_features(
                learner,
                features,
                support_rows,
                query_rows,
            )
            return "classify", scored
        if isinstance(learner, TaskLearner):
            if self._pixels is None:
                self._pixels = Pixels(self.view, learner.device)
            scored = score_tasks(learner, self._pixels, support, query)
            return "episodes", scored
        scored = score_one_by_one(learner, self.view, support, query)
        return "episodes", scored

    def _embed(
        self,
        learner: EmbeddingLearner,
        support: np.ndarray,
        query: np.ndarray,
    ) -> Tensor:
        """All features so far, after embedding the images that were not embedded yet."""
        wanted = np.zeros(len(self.view), dtype=bool)
        wanted[support] = True
        wanted[query] = True
        is_new = wanted & (self._row_of < 0)
        indices = np.flatnonzero(is_new)
        n_new = len(indices)
        if self._features is None:
            first_row = 0
            self._features = embed_images(learner, self.view, indices, self._report)
        elif n_new:
            first_row = len(self._features)
            more = embed_images(learner, self.view, indices, self._report)
            self._features = torch.cat([self._features, more])
        else:
            return self._features
        end_row = first_row + n_new
        self._row_of[indices] = np.arange(first_row, end_row)
        return self._features


def embed_images(
    learner: EmbeddingLearner,
    view: ImageView,
    indices: np.ndarray,
    report: Progress,
) -> Tensor:
    """Features of the view images at `indices`, embedded in batches: (len(indices), d)

    Raises BaselineError when there are no images.
    """
    height, width, _ = view.image_shape
    n_images = len(indices)
    image_pixels = height * width
    size = max(1, _PIXELS_PER_BATCH // image_pixels)
    features: Tensor | None = None
    for first in range(0, n_images, size):
        here = indices[first : first + size]
        images = view.images(here)
        batch = learner.embed(images)
        if features is None:
            n_features = batch.shape[1]
            features = batch.new_empty((n_images, n_features))
        end = first + len(batch)
        features[first:end] = batch
        report("embed", end, n_images)
    if features is None:
        raise BaselineError(
            "cannot embed images: expected at least 1, got 0. Ask for at least one episode."
        )
    return features


def _report_nothing(stage: str, done: int, total: int, remark: str = "") -> None:
    del stage, done, total, remark


def _check_way(n_way: int) -> None:
    if n_way > _MOST_WAYS:
        raise BaselineError(
            f"cannot answer {n_way}-way episodes: expected at most {_MOST_WAYS} ways, got "
            f"{n_way}. Choose a protocol with fewer ways: fewbench protocol list"
        )


def _check_scores(
    scores: np.ndarray,
    expected: tuple[int, int, int],
    episode: int,
) -> None:
    """Raises BaselineError when scores have the wrong shape or are not finite.

    expected: (n_episodes, n_queries, n_way)
    episode: the index of the first
    """
    if scores.shape != expected:
        n_episodes, n_queries, n_way = expected
        got = scores.shape
        if len(scores) == n_episodes:
            # The shape of one episode, as a function returns it.
            got = scores.shape[1:]
        raise BaselineError(
            f"episode {episode}: scores must have the shape {(n_queries, n_way)}: expected "
            f"a row for each query image and a column for each class, got {got}. Change "
            f"what the model returns."
        )
    if not np.isfinite(scores).all():
        raise BaselineError(
            f"episode {episode}: scores must be finite numbers: expected no NaN and no inf, "
            f"got some. Change what the model returns, or train it with a lower learning "
            f"rate."
        )

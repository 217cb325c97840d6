"""Collect a learner's predictions for many episodes, or for a range of them.

A learner that embeds images gets every image only once, in blocks (see `features`). The
episodes are then classified in chunks. Neither the blocks nor the chunks depend on the
range. So the joined predictions for several ranges equal the predictions for all episodes
bit for bit.
"""

import time
from collections.abc import Iterable, Iterator

import numpy as np

from fewbench.progress import Progress, report_nothing

from ...datasets.episodes import EpisodeBatch, query_orders
from ...datasets.view import ImageView
from ..device.images import Pixels
from ..learner import BaselineError, EmbeddingLearner, Learner, TaskLearner
from .answers import Answers, Embedded
from .calibration import CalibrationTally
from .features import Features
from .scoring import (
    EPISODES_PER_CHUNK,
    TASKS_PER_CHUNK,
    Scored,
    check_scores,
    score_features,
    score_one_by_one,
    score_tasks,
)
from .stored_learner import features_of
from .ties import predicted_labels

# The scores of so many episodes are kept, so that they can be compared later.
_FIRST = 2
# Predicted labels are stored as uint8.
_MOST_WAYS = 256


def answer(
    learner: Learner,
    view: ImageView,
    episodes: EpisodeBatch,
    seed: int,
    progress: Progress | None = None,
) -> Answers:
    """Return the learner's predictions for all query images of the episodes.

    view: the images of the episodes
    seed: the seed that drew the episodes; it also shuffles their query images
    Raises BaselineError if the scores have the wrong shape or are not finite, or if the
    learner cannot answer episodes with this number of classes.
    """
    used = few_images(view, [episodes])
    examiner = Examiner(learner, view, seed, images=used, progress=progress)
    return examiner.answer(episodes)


def few_images(view: ImageView, batches: Iterable[EpisodeBatch]) -> np.ndarray | None:
    """Return the images that these episodes use: bool (n_images,)

    Return None if the episodes use at least half of the images in the view. All images
    are embedded then.
    """
    used = np.zeros(len(view), bool)
    for batch in batches:
        used[batch.support] = True
        used[batch.query] = True
        if 2 * np.count_nonzero(used) >= len(view):
            return None
    return used


def range_step(learner: Learner) -> int:
    """Return the step between the numbers at which a range of episodes may start.

    These numbers are 0, step, 2 * step, ...
    """
    if isinstance(learner, EmbeddingLearner):
        return EPISODES_PER_CHUNK
    return TASKS_PER_CHUNK


class Examiner:
    """A test of one learner on ranges of episodes that were drawn with one seed.

    Features of images are kept for later ranges.

    view: the images of the episodes
    seed: the seed that drew the episodes; it also shuffles their query images
    images: bool (n_images,) the images to embed, from `few_images`; None for all images
    features: features from an earlier test; they are used again if they are of the same
        learner and the same images
    """

    def __init__(
        self,
        learner: Learner,
        view: ImageView,
        seed: int,
        *,
        images: np.ndarray | None = None,
        features: Features | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.learner = learner
        self.view = view
        self.seed = seed
        self._report = progress or report_nothing
        self.features: Features | None = None
        if isinstance(learner, EmbeddingLearner):
            if features is None or not features.are_those_of(learner, view, images):
                features = features_of(learner, view, images)
            self.features = features
        self._pixels: Pixels | None = None

    def answer(self, episodes: EpisodeBatch, start: int = 0) -> Answers:
        """Return the learner's predictions for a range of episodes.

        start: the number of the first episode, a multiple of `range_step`; the first
            episode of a seed has number 0
        Raises BaselineError if `start` is not such a multiple, if the scores have the
        wrong shape or are not finite, or if the learner cannot answer episodes with
        this number of classes.
        """
        began = time.perf_counter()
        _check_start(start, range_step(self.learner))
        n_episodes, n_way, n_query = episodes.query.shape
        _check_way(n_way)
        n_queries = n_way * n_query
        order = query_orders(n_queries, self.seed, start, n_episodes)
        in_class_order = episodes.query.reshape(n_episodes, n_queries)
        query = np.take_along_axis(in_class_order, order, axis=1)
        stage, scored = self._score(episodes.support, query)
        prepared = time.perf_counter()

        collected = _Collected(self.learner, self.seed, start, order)
        for count, scores in scored:
            number = start + collected.n_episodes
            check_scores(scores, (count, n_queries, n_way), number)
            collected.add(scores)
            self._report(stage, start + collected.n_episodes, start + n_episodes)

        finished = time.perf_counter()
        seconds: dict[str, float] = {}
        if stage == "classify":
            seconds["embed"] = prepared - began
        seconds[stage] = finished - prepared
        return Answers(
            predictions=collected.predictions,
            seconds=seconds,
            calibration=collected.tally.counts,
            start=start,
            embedded=self._embedded(),
            first_scores=np.concatenate(collected.first_scores),
        )

    def _embedded(self) -> Embedded | None:
        if self.features is None:
            return None
        return "split" if self.features.images is None else "episodes"

    def _score(
        self,
        support: np.ndarray,
        query: np.ndarray,
    ) -> tuple[str, Iterator[Scored]]:
        """Return the name of the stage, and an iterator over batches of scores.

        The module `scoring` describes these batches.

        support: int64 (n_episodes, n_way, n_shot) indices of images
        query: int64 (n_episodes, n_queries) indices of images
        """
        learner = self.learner
        if isinstance(learner, EmbeddingLearner):
            features = self.features
            assert features is not None
            wanted = np.concatenate([support.reshape(-1), query.reshape(-1)])
            scored = score_features(
                learner,
                features.table(wanted, self._report),
                features.rows(support),
                features.rows(query),
            )
            return "classify", scored
        if isinstance(learner, TaskLearner):
            if self._pixels is None:
                self._pixels = Pixels(self.view, learner.device)
            scored = score_tasks(learner, self._pixels, support, query)
            return "episodes", scored
        scored = score_one_by_one(learner, self.view, support, query)
        return "episodes", scored


class _Collected:
    """What is kept of the scores of a range of episodes.

    start: the number of the first episode among all episodes of the seed
    order: int64 (n_episodes, n_queries) the place of each query image in its episode, in
        the order in which the learner gets the images
    n_episodes: the number of episodes whose scores were added
    predictions: uint8 (n_episodes, n_queries) predicted labels, class by class
    """

    def __init__(
        self,
        learner: Learner,
        seed: int,
        start: int,
        order: np.ndarray,
    ) -> None:
        self.seed = seed
        self.start = start
        self.order = order
        self.n_episodes = 0
        self.predictions = np.empty(order.shape, np.uint8)
        self.tally = CalibrationTally(learner.scores_are, learner.temperature)
        self.first_scores: list[np.ndarray] = []

    def add(self, scores: np.ndarray) -> None:
        """Add the scores of the next episodes: float (n, n_queries, n_way)"""
        first = self.n_episodes
        self.n_episodes += len(scores)
        if first < _FIRST:
            self.first_scores.append(scores[: _FIRST - first].copy())
        order = self.order[first : self.n_episodes]
        predicted = predicted_labels(scores, order, self.seed, self.start + first)
        n_query = order.shape[1] // scores.shape[2]
        self.tally.add(scores, predicted, order // n_query)
        # The predictions are put back into the order of the classes.
        here = self.predictions[first : self.n_episodes]
        np.put_along_axis(here, order, predicted, axis=1)


def _check_start(start: int, step: int) -> None:
    if start % step:
        raise BaselineError(
            f"cannot answer a range of episodes from {start} on: expected a start that is "
            f"a multiple of {step}, got {start}. Start at {start - start % step}."
        )


def _check_way(n_way: int) -> None:
    if n_way > _MOST_WAYS:
        raise BaselineError(
            f"cannot answer {n_way}-way episodes: expected at most {_MOST_WAYS} ways, "
            f"got {n_way}. Choose a protocol with fewer ways: fewbench protocol list"
        )

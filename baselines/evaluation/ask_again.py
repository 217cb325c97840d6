"""Ask a learner again, in an order that it cannot foresee.

After an evaluation, some episodes are drawn with the entropy of the system. They are
answered again, and probed for a dependence on other query images. Then the first episodes
are answered once more. The entropy decides which marks a result gets. It never decides a
number in the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fewbench.progress import report_nothing

from ...datasets.episodes import EpisodeBatch, query_orders
from ...datasets.view import ImageView
from ..device.images import on_device
from ..learner import EmbeddingLearner, Learner, TaskLearner
from ..outputs import score_array
from .answers import Answers
from .embed_again import embed_again
from .examiner import few_images
from .features import Features
from .findings import Findings
from .probe import Probe, change_if_mixed, probe, relative_change, unless_refused
from .scoring import score_features, score_one_by_one
from .stored_learner import StoredLearner, features_of
from .tolerances import tolerance_of

# The number of episodes that are drawn.
_N_DRAWN = 3

# The number of an episode -> its scores, float64 (n_queries, n_way)
Scores = dict[int, np.ndarray | None]


@dataclass(frozen=True, eq=False)
class Answered:
    """Episodes and a learner's answers to them.

    seed: the seed that drew the episodes; it also shuffles their query images
    features: the features of the images; None to embed images again
    """

    view: ImageView
    seed: int
    episodes: EpisodeBatch
    answers: Answers
    features: Features | None = None


def ask_again(
    learner: Learner,
    answered: Answered,
    generator: np.random.Generator | None = None,
) -> Findings:
    """Answer, embed and probe again a little of what a learner has answered.

    generator: draws the episodes and images; None for the entropy of the system
    """
    generator = generator or np.random.default_rng()
    n_episodes = len(answered.episodes)
    drawn = generator.choice(n_episodes, min(_N_DRAWN, n_episodes), replace=False)
    again = _Again(learner, answered, drawn)
    # The first episodes come again among the drawn ones, in a random order.
    scores = again.answer(generator.permutation(again.asked))
    confirmed = [again.confirms(one, scores[one]) for one in again.asked]
    in_order = again.is_passed(confirmed)
    is_same = again.has_same_first_scores(scores)
    if isinstance(learner, StoredLearner):
        return _of_stored(learner, in_order, is_same)
    probes = [again.probe(drawn[0])]
    for episode in drawn[1:]:
        original = scores[episode]
        if original is None or learner.transductive or probes[0].transductive:
            continue
        if again.looks_transductive(episode, original, generator):
            probes.append(again.probe(episode))
    embedded = None
    if again.features is not None:
        embedded = embed_again(again.features, generator)
        in_order = in_order and embedded.same
    return Findings(tuple(probes), in_order, is_same, embedded)


def _of_stored(
    learner: StoredLearner, in_order: bool, is_same: bool | None
) -> Findings:
    """Return the findings of a learner of which only the features are left.

    It compares each query alone, so nothing is probed. What needs its encoder was asked
    when the images were embedded.
    """
    asked = learner.asked
    in_order = in_order and asked.order is not False
    return Findings((), in_order, is_same, asked_before=asked)


class _Again:
    """Answers single episodes again."""

    def __init__(
        self,
        learner: Learner,
        answered: Answered,
        drawn: np.ndarray,
    ) -> None:
        self.learner = learner
        self.answered = answered
        first_scores = answered.answers.first_scores
        n_first = 0 if first_scores is None else len(first_scores)
        self.asked = np.union1d(drawn, np.arange(n_first))
        self.features = answered.features
        if isinstance(learner, EmbeddingLearner) and self.features is None:
            self.features = self._new_features(learner)

    def answer(self, episodes: np.ndarray) -> Scores:
        """Answer episodes again, with the query images in the same order as before.

        episodes: int64 (n,) the numbers of episodes
        Returns None in place of the scores of an episode that the learner now refuses.
        """
        if isinstance(self.learner, TaskLearner):
            return self._answer_at_once(self.learner, episodes)
        scores: Scores = {}
        for episode in episodes:
            ask = partial(self.scores, episode)
            scores[episode] = unless_refused(ask, self._query_images(episode))
        return scores

    def _answer_at_once(
        self,
        learner: TaskLearner,
        episodes: np.ndarray,
    ) -> Scores:
        """Answer several episodes at once, which is much faster than one by one."""
        view = self.answered.view
        support = []
        query = []
        for episode in episodes:
            indices = self.answered.episodes.support[episode].reshape(-1)
            support.append(view.images(indices))
            query.append(view.images(self._query_images(episode)))
        scores = learner.predict_tasks(
            on_device(np.stack(support), learner.device),
            on_device(np.stack(query), learner.device),
        )
        precise = score_array(scores).astype(np.float64)
        return dict(zip(episodes, precise, strict=True))

    def scores(self, episode: int, query: np.ndarray) -> np.ndarray:
        """Return the scores for some query images: float64 (n, n_way)

        query: int64 (n,) indices of images
        """
        support = self.answered.episodes.support[[int(episode)]]
        learner = self.learner
        if self.features is not None:
            assert isinstance(learner, EmbeddingLearner)
            # Another process may have embedded what was answered, and this one nothing yet.
            few = support.reshape(-1)
            images = np.concatenate([few, query])
            table = self.features.table(images, report_nothing)
            support_rows = self.features.rows(support)
            query_rows = self.features.rows(query[None])
            scored = score_features(learner, table, support_rows, query_rows)
        else:
            scored = score_one_by_one(learner, self.answered.view, support, query[None])
        ((_, scores),) = scored
        return np.asarray(scores[0], np.float64)

    def is_passed(self, confirmed: Sequence[bool]) -> bool:
        """Whether a check is passed, of which each episode was confirmed or not.

        A `TaskLearner` gets the episodes beside others than before, which changes the
        rounding. Gradient steps can make this change large, as measured in one episode of
        a hundred. A fault of the learner shows in most episodes.
        """
        if isinstance(self.learner, TaskLearner):
            return 2 * sum(confirmed) >= len(confirmed)
        return all(confirmed)

    def confirms(self, episode: int, scores: np.ndarray | None) -> bool:
        """Whether these scores give the predictions of the evaluation, up to rounding."""
        if scores is None:
            return False
        predictions = self.answered.answers.predictions[episode].astype(np.int64)
        predicted = predictions[self._order(episode)]
        of_predicted = np.take_along_axis(scores, predicted[:, None], axis=1)
        short_of_highest = scores.max(axis=1, keepdims=True) - of_predicted
        spread = float(scores.std()) or 1.0
        return bool(short_of_highest.max() <= tolerance_of(self.learner) * spread)

    def looks_transductive(
        self,
        episode: int,
        scores: np.ndarray,
        generator: np.random.Generator,
    ) -> bool:
        """Whether the scores of half the query images change if the others are mixed."""
        query = self._query_images(episode)
        change = change_if_mixed(
            lambda images: self.scores(episode, images), query, scores, generator
        )
        return change > tolerance_of(self.learner)

    def has_same_first_scores(self, scores: Scores) -> bool | None:
        """Whether the first episodes have the same scores as at the start."""
        first_scores = self.answered.answers.first_scores
        if first_scores is None:
            return None
        confirmed = []
        for episode, before in enumerate(first_scores):
            after = scores[episode]
            change = np.inf if after is None else relative_change(before, after)
            confirmed.append(bool(change <= tolerance_of(self.learner)))
        return self.is_passed(confirmed)

    def probe(self, episode: int) -> Probe:
        """Probe an episode. Its images are read, and embedded, again."""
        _, n_way, n_shot = self.answered.episodes.support.shape
        view = self.answered.view
        support = self.answered.episodes.support[episode].reshape(-1)
        return probe(
            self.learner,
            view.images(support),
            np.arange(n_way).repeat(n_shot),
            view.images(self._query_images(episode)),
        )

    def _query_images(self, episode: int) -> np.ndarray:
        """Return the query images of an episode as they were shown: int64 (n,)"""
        in_class_order = self.answered.episodes.query[episode].reshape(-1)
        return in_class_order[self._order(episode)]

    def _order(self, episode: int) -> np.ndarray:
        n_queries = self.answered.answers.predictions.shape[1]
        number = self.answered.answers.start + int(episode)
        return query_orders(n_queries, self.answered.seed, number, 1)[0]

    def _new_features(self, learner: EmbeddingLearner) -> Features:
        needed = self.asked
        episodes = self.answered.episodes
        some = EpisodeBatch(
            episodes.classes[needed], episodes.support[needed], episodes.query[needed]
        )
        view = self.answered.view
        features = features_of(learner, view, few_images(view, [some]))
        images = np.concatenate([some.support.reshape(-1), some.query.reshape(-1)])
        features.table(images, report_nothing)
        return features

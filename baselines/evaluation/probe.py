"""Measure whether the scores of a query image depend on the other query images."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..learner import Learner
from .tolerances import tolerance_of

# If a learner is random, its scores change in every run. A change must be this many
# times as large as the change in a repetition to count. Single measurements vary,
# because each is a maximum over all scores.
_CHANCE = 5.0


@dataclass(frozen=True)
class Probe:
    """The largest changes of scores after changes of the query images.

    Each change of scores is divided by the standard deviation of all scores.

    repeated: the change if the episode is only repeated
    shuffled: the change if the query images are shuffled
    exchanged: the change in the first half of the query images if the second half is
        replaced
    dropped: the change in the first half if the second half is missing
    NaN means that the learner refused these query images. If it refused the episode
    itself, `repeated` is infinite.
    tolerance: changes up to this value do not count. A different batch size alone changes
        the rounding.
    """

    repeated: float
    shuffled: float
    exchanged: float
    dropped: float
    tolerance: float = 1e-3

    @property
    def deterministic(self) -> bool:
        """Whether the same episode gets the same scores twice."""
        return self.repeated <= self.tolerance

    @property
    def transductive(self) -> bool:
        """Whether the scores of a query image depend on the other query images.

        Changes that a random learner also shows in a repetition do not count.
        """
        by_chance = max(self.tolerance, _CHANCE * self.repeated)
        changes = (self.shuffled, self.exchanged, self.dropped)
        return any(change > by_chance for change in changes)

    @property
    def verdict(self) -> str:
        """The result: "transductive", "inductive" or "cannot be told".

        "cannot be told" means that the learner is random, so a small dependence on
        other query images cannot be seen.
        """
        if self.transductive:
            return "transductive"
        if self.deterministic:
            return "inductive"
        return "cannot be told"


def probe(
    learner: Learner,
    support_images: np.ndarray,
    support_labels: np.ndarray,
    query_images: np.ndarray,
) -> Probe:
    """Measure how the scores of one episode change if the query images are changed.

    The arrays have the types and shapes that `Learner.predict` expects.
    """

    def score(images: np.ndarray) -> np.ndarray:
        # Copies, since the learner may write to its arguments.
        scores = learner.predict(
            support_images.copy(), support_labels.copy(), images.copy()
        )
        return np.asarray(scores, np.float64)

    original = unless_refused(score, query_images)
    if original is None:
        return Probe(math.inf, math.nan, math.nan, math.nan)

    def change(images: np.ndarray, kept: np.ndarray) -> float:
        """Return the largest change of a score, divided by the spread of the scores.

        images: the changed query images; only the first len(kept) are compared
        kept: the indices of these images in `query_images`
        """
        scores = unless_refused(score, images)
        if scores is None:
            return math.nan
        return relative_change(original, scores[: len(kept)], kept)

    n = len(query_images)
    all_images = np.arange(n)
    n_half = max(1, n // 2)
    half = np.arange(n_half)
    order = np.random.default_rng(0).permutation(n)
    # Every image in the second half is replaced by the first image.
    copies = np.repeat(query_images[:1], n - n_half, axis=0)
    exchanged = np.concatenate([query_images[:n_half], copies])
    return Probe(
        repeated=change(query_images, all_images),
        shuffled=change(query_images[order], order),
        exchanged=change(exchanged, half),
        dropped=change(query_images[:n_half], half),
        tolerance=tolerance_of(learner),
    )


def change_if_mixed(
    score: Callable[[np.ndarray], np.ndarray],
    query: np.ndarray,
    original: np.ndarray,
    generator: np.random.Generator,
) -> float:
    """Return the change of half the scores if the other query images are replaced.

    All query images are shuffled, too. This takes one answer, and `probe` takes five. So
    it is a first look, which does not tell a dependence from chance.

    score: returns the scores of some query images: int64 (n,) -> float64 (n, n_way)
    query: int64 (n,) the query images of an episode
    original: float64 (n, n_way) their scores
    Returns the largest change, divided by the spread of the scores; NaN if the learner
    refused these query images.
    """
    n = len(query)
    n_half = max(1, n // 2)
    others = query.copy()
    others[n_half:] = query[0]
    order = generator.permutation(n)
    shuffled = unless_refused(score, others[order])
    if shuffled is None:
        return math.nan
    scores = np.empty_like(original)
    scores[order] = shuffled
    half = np.arange(n_half)
    return relative_change(original, scores[:n_half], half)


def unless_refused(
    score: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
) -> np.ndarray | None:
    """Return the scores of query images; None if the learner raises an exception."""
    try:
        return score(images)
    except Exception:
        # The model can be a function of the user, which can raise any exception.
        return None


def relative_change(
    original: np.ndarray,
    scores: np.ndarray,
    kept: np.ndarray | None = None,
) -> float:
    """Return the largest change of scores, divided by the spread of all original scores.

    kept: the rows of `original` that `scores` holds; None for all
    """
    before = original if kept is None else original[kept]
    spread = float(original.std()) or 1.0
    return float(np.abs(scores - before).max()) / spread

"""Measure whether the scores of a query image depend on the other query images."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..learner import Learner

# Changes up to this fraction of the scores' spread do not count. A different batch size
# alone changes the rounding.
_TOLERANCE = 1e-3
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
    dropped: the change in the first half if the second half is missing; NaN if the
        learner then raised an exception
    """

    repeated: float
    shuffled: float
    exchanged: float
    dropped: float

    @property
    def deterministic(self) -> bool:
        """Whether the same episode gets the same scores twice."""
        return self.repeated <= _TOLERANCE

    @property
    def transductive(self) -> bool:
        """Whether the scores of a query image depend on the other query images.

        Changes that a random learner also shows in a repetition do not count.
        """
        changes = [
            self.shuffled,
            self.exchanged,
            self.dropped,
        ]
        largest = np.nanmax(changes)
        by_chance = max(_TOLERANCE, _CHANCE * self.repeated)
        return bool(largest > by_chance)

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
        scores = learner.predict(support_images, support_labels, images)
        return np.asarray(scores, np.float64)

    original = score(query_images)
    spread = float(original.std()) or 1.0

    def change(images: np.ndarray, kept: np.ndarray) -> float:
        """Return the largest change of a score, divided by `spread`.

        images: the changed query images; only the first len(kept) are compared
        kept: the indices of these images in `query_images`
        """
        n_kept = len(kept)
        scores = score(images)
        differences = scores[:n_kept] - original[kept]
        largest = np.abs(differences).max()
        return float(largest) / spread

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
        dropped=_unless_refused(lambda: change(query_images[:n_half], half)),
    )


def _unless_refused(measure: Callable[[], float]) -> float:
    """Return the measured value; NaN if the learner refuses an incomplete episode.

    In this case, the verdict depends only on the other measurements.
    """
    try:
        return measure()
    except Exception:
        # The model can be a function of the user, which can raise any exception.
        return float("nan")

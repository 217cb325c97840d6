"""Measures whether the answer to a query image depends on the other query images."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..learner import Learner

# Scores may change by this much, relative to their spread. Another batch size alone
# changes the rounding.
_TOLERANCE = 1e-3
# A random learner's scores change in every run. Each measured change is a maximum over the
# scores, which varies too.
_CHANCE = 5.0


@dataclass(frozen=True)
class Probe:
    """How far the scores of query images changed, relative to the spread of all scores.

    NaN where the learner refused the query images.

    repeated: with the same query images again
    shuffled: in another order
    exchanged: with half of the query images replaced
    dropped: without half of the query images
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
        """Whether scores depend on the other query images, by more than chance."""
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
        """The result in a word.

        If the scores change even when nothing else does, a small dependence cannot be seen.
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
    """Answer one episode several times with changed query images.

    Arguments as those of `Learner.predict`.
    """

    def score(images: np.ndarray) -> np.ndarray:
        scores = learner.predict(support_images, support_labels, images)
        return np.asarray(scores, np.float64)

    original = score(query_images)
    spread = float(original.std()) or 1.0

    def change(images: np.ndarray, kept: np.ndarray) -> float:
        """How far the scores of the images `kept`, which come first, changed."""
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
    # The first image in place of all in the second half.
    copies = np.repeat(query_images[:1], n - n_half, axis=0)
    exchanged = np.concatenate([query_images[:n_half], copies])
    return Probe(
        repeated=change(query_images, all_images),
        shuffled=change(query_images[order], order),
        exchanged=change(exchanged, half),
        dropped=_unless_refused(lambda: change(query_images[:n_half], half)),
    )


def _unless_refused(measure: Callable[[], float]) -> float:
    """NaN for a function that only takes whole episodes. Exchanging images suffices then."""
    try:
        return measure()
    except Exception:
        # The function is the user's own, so it can raise anything.
        return float("nan")

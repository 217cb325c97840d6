"""Does the answer to one query image depend on the other query images? Measured, not declared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..learner import Learner

# Scores may move that much, relative to their spread: another batch is rounded otherwise.
_TOLERANCE = 1e-3
# What chance alone moves is a maximum over scores, which differs from time to time.
_CHANCE = 5.0


@dataclass(frozen=True)
class Probe:
    """How far the scores of query images moved when the others were changed, relative to the
    spread of all scores; `repeated` when nothing was changed. NaN: the learner refused."""

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
        """Whether other query images matter, by more than chance does."""
        moved = np.nanmax([self.shuffled, self.exchanged, self.dropped])
        return bool(moved > max(_TOLERANCE, _CHANCE * self.repeated))

    @property
    def verdict(self) -> str:
        """In a word: a learner whose scores change by themselves may hide a small dependence."""
        if self.transductive:
            return "transductive"
        return "inductive" if self.deterministic else "cannot be told"


def probe(
    learner: Learner,
    support_images: np.ndarray,
    support_labels: np.ndarray,
    query_images: np.ndarray,
) -> Probe:
    """Answer one episode again with the other query images shuffled, exchanged and dropped.

    Arguments as those of `Learner.predict`.
    """

    def scores(images: np.ndarray) -> np.ndarray:
        return np.asarray(
            learner.predict(support_images, support_labels, images), np.float64
        )

    whole = scores(query_images)
    spread = float(whole.std()) or 1.0
    n = len(query_images)
    order = np.random.default_rng(0).permutation(n)
    half = max(1, n // 2)
    copies = np.concatenate(
        [query_images[:half], np.repeat(query_images[:1], n - half, axis=0)]
    )

    def moved(images: np.ndarray, kept: np.ndarray) -> float:
        return float(np.abs(scores(images)[: len(kept)] - whole[kept]).max()) / spread

    first = np.arange(half)
    return Probe(
        repeated=moved(query_images, np.arange(n)),
        shuffled=moved(query_images[order], order),
        exchanged=moved(copies, first),
        dropped=_unless_refused(lambda: moved(query_images[:half], first)),
    )


def _unless_refused(measure: Callable[[], float]) -> float:
    """NaN where a function takes whole episodes only: exchanging has told already."""
    try:
        return measure()
    except Exception:  # of anyone's own function
        return float("nan")

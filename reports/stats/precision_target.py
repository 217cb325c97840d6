"""A wanted precision, and the smallest number of episodes that reaches it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import stdtrit

from ..records import ResultError
from .little_spread import Allowance, MeanError, unseen_weight

# No plan has more episodes than this.
_MOST_EPISODES = 10**9


@dataclass(frozen=True)
class PrecisionTarget:
    """The wanted precision, in fractions.

    half_width: the wanted half-width of the interval
    difference: the difference between two results that is to be detected; if given,
        half_width is ignored
    power: the wanted probability of detecting this difference
    level: the confidence level
    """

    half_width: float | None = None
    difference: float | None = None
    power: float = 0.8
    level: float = 0.95

    def episodes(
        self,
        variance: float,
        differing: float = 1.0,
        room: float = 1.0,
    ) -> int | None:
        """Return the smallest number of episodes n that reaches the target.

        It uses the interval that n such episodes would get: Student's t with n - 1
        degrees of freedom, and the allowance of `little_spread` if few episodes differ.
        Return None if more than a billion episodes would be needed.

        variance: the variance, over episodes, of the accuracy or of the difference
            between two results
        differing, room: as in `planning.Spread`
        Raises ResultError if neither a half-width nor a difference is given.
        """
        wanted = self.half_width
        if self.difference is not None:
            wanted = self.difference
        if not wanted:
            raise ResultError(
                "cannot plan: expected a half-width or a difference above 0, "
                f"got {wanted}. Give for example the half-width 0.001"
            )

        def reaches(n: int) -> bool:
            error = math.sqrt(variance / n)
            weight = float(unseen_weight(n, differing * n))
            known = MeanError(error, n - 1, Allowance(weight, n))
            needed = known.width((1 - self.level) / 2, room)
            if self.difference is not None:
                needed += float(stdtrit(n - 1, self.power)) * error
            return needed <= wanted

        return fewest_episodes(reaches)


def fewest_episodes(reaches: Callable[[int], bool]) -> int | None:
    """Return the smallest number of episodes that is enough.

    It is at least 2. It is None if a billion episodes are not enough.

    reaches: whether a number of episodes is enough; if it is, every larger number is too
    """
    if not reaches(_MOST_EPISODES):
        return None
    low, high = 1, 2
    while not reaches(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle
    return high

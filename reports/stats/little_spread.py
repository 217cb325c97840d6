"""Allow for what has not been seen yet when nearly all values are alike.

If every episode is perfect but two, the standard deviation tells whether a rare episode
was drawn, and little else. Student's t-interval then gets an allowance for a kind of
episode that was not drawn at all. The allowance shrinks smoothly as more episodes
differ from the rest:

    weight * (1 - tail ** (1 / n)) * room

- 1 - tail ** (1 / n) is the largest share of all episodes that a kind can have that is
  missing from n of them (Clopper and Pearson 1934, for 0 of n).
- room is the distance from the mean to the worst possible value.
- weight is 1 / (k + 1) if k episodes differ from the rest. This is the chance that the
  next one that differs is worse than all k. The weight also fades to 0 in a straight
  line, as k approaches the number from which the spread is trusted.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from .arrays import FloatArray, IntArray

# From this number on, the episodes that differ from the rest show the spread themselves.
FEW = 50
# Bisection steps for the logarithm of a p-value. They leave a relative error of 1e-12.
_HALVINGS = 60
# The logarithm of the smallest p-value.
_LEAST_LOG_TAIL = -700.0


@dataclass(frozen=True)
class Allowance:
    """What an interval of n values must allow for kinds of values that were not drawn.

    weight: 0 (nothing to allow for) to 1 (all values are equal)
    """

    weight: float
    n: int

    @classmethod
    def of(cls, values: FloatArray | IntArray) -> "Allowance":
        """Return the allowance for these values: (n,), n at least 1."""
        n = values.size
        n_differ = round(n * share_that_differs(values))
        return cls(float(unseen_weight(n, n_differ)), n)

    def share(self, tail: float) -> float:
        """Return the weighted share that an unseen kind may have.

        tail: the accepted probability that the share is larger without being noticed
        """
        return -self.weight * float(np.expm1(np.log(tail) / self.n))


@dataclass(frozen=True)
class MeanError:
    """How well a mean is known.

    error: its standard error
    df: the degrees of freedom of the standard error
    """

    error: float
    df: float
    allowance: Allowance

    def width(self, tail: float, room: float) -> float:
        """Return the distance from the mean to its limit on one side.

        tail: the probability that the true mean is beyond this limit
        room: the distance from the mean to the worst possible value on this side
        """
        by_spread = -float(stdtrit(self.df, tail)) * self.error
        return by_spread + self.allowance.share(tail) * room

    def tail(self, distance: float, room: float) -> float:
        """Return the p-value of the claim that the true mean is `distance` away.

        It is the tail at which `width` equals `distance`. It is 1 if the mean is exact
        and the distance is negative.
        """
        low, high = _LEAST_LOG_TAIL, 0.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if self.width(float(np.exp(middle)), room) > distance:
                low = middle
            else:
                high = middle
        return float(np.exp(high))


def share_that_differs(values: FloatArray | IntArray) -> float:
    """Return the fraction of values that differ from the median.

    If more than half of the values are equal, the median is the most common one.

    values: (n,), n at least 1
    """
    half = values.size // 2
    median = np.partition(values, half)[half]
    return float((values != median).mean())


def unseen_weight(
    n: FloatArray | IntArray | float,
    n_differ: FloatArray | IntArray | float,
) -> FloatArray:
    """Return the weight of unseen kinds of values: float64, 0 to 1, as the arguments.

    n: number of values
    n_differ: number of values that differ from the most common one
    """
    enough = np.minimum(np.asarray(n, np.float64) / 2, FEW)
    trusted = np.minimum(n_differ / enough, 1)
    return (1 - trusted) / (n_differ + 1)


def little_spread(values: FloatArray | IntArray) -> bool:
    """Return whether values are too much alike for an interval based on their spread.

    This is so if more than half of them are equal, and fewer than FEW differ from these.

    values: (n,), n at least 1
    """
    return Allowance.of(values).weight > 0

"""Compute confidence limits and p-values by betting.

They stay valid however often they are computed while episodes come in, and whenever the
evaluation stops.

The idea: before each episode, a player bets that its accuracy exceeds a claimed mean.
The odds are fair if the claim is true. Then the player's wealth, which starts at 1, is
a martingale. If the claim is true, the wealth ever exceeds 1 / alpha with a probability
of at most alpha (Ville 1939). This holds for every n and every stopping rule. So great
wealth refutes the claim.
"""

import numpy as np

from .arrays import FloatArray, IntArray

# The bets, as shares of the wealth that a value of 0 loses. They go from bold, which is
# best for a handful of episodes, to timid, which is best for 100,000 episodes. They are
# fixed in advance, since they must not depend on the data.
BETS = 0.999 * 2.0 ** (-np.arange(14) / 2)
# Bisection steps for a limit. 30 steps leave an error of at most 1e-9, and the error
# only makes the interval wider.
_HALVINGS = 30


def betting_limits(
    values: FloatArray,
    counts: IntArray | FloatArray,
    alpha: float,
) -> tuple[float, float]:
    """Return the lower and upper confidence limit of the mean of values in [0, 1].

    If limits are computed after each episode, the probability that all of them contain
    the true mean is at least 1 - alpha. Each limit is the outermost mean that the bets
    do not refute. The player's wealth (see the text of this module) is averaged over
    BETS. Each bet in BETS stays the same for all episodes, so the order of the episodes
    does not matter.

    values: float64 (n_values,) distinct accuracies
    counts: int or float64 (n_values,) number of episodes with each accuracy
    Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by
    betting (JRSS B 2024, arXiv 2010.09686): the hedged capital process, with a mixture
    of constant bets.
    """
    # Each limit may be wrong with a probability of alpha / 2.
    log_threshold = np.log(2 / alpha)
    low = _lower_limit(values, counts, log_threshold)
    high = 1 - _lower_limit(1 - values, counts, log_threshold)
    return low, high


def betting_p_value(
    values: FloatArray,
    counts: IntArray | FloatArray,
    mean: float,
) -> float:
    """Return the p-value of the claim that the true mean is at most `mean`.

    It is 1 / wealth, where the player bets that the true mean is larger.

    values, counts: as in `betting_limits`
    """
    if mean < 0:
        return 0.0
    if mean == 0:
        # Fractions with a mean of 0 are all 0.
        return float(not values.any())
    log_of_mean_wealth = max(_log_of_mean_wealth(values, counts, mean), 0.0)
    return float(np.exp(-log_of_mean_wealth))


def log_wealth(
    values: FloatArray,
    counts: IntArray | FloatArray,
    mean: float,
) -> FloatArray:
    """Return the log of the final wealth for each bet in BETS: float64 (n_bets,).

    The player bets that the values exceed `mean`. A bet is the share of the wealth that
    a value of 0 loses.
    """
    growth = np.log1p(BETS[:, None] * (values / mean - 1))
    return growth @ counts.astype(np.float64)


def _log_of_mean_wealth(
    values: FloatArray,
    counts: IntArray | FloatArray,
    mean: float,
) -> float:
    """Return the log of the wealth averaged over BETS."""
    summed = np.logaddexp.reduce(log_wealth(values, counts, mean))
    return float(summed - np.log(BETS.size))


def _lower_limit(
    values: FloatArray,
    counts: IntArray | FloatArray,
    log_threshold: float,
) -> float:
    """Return the smallest mean that the bets do not refute.

    It is found by bisection, since the wealth falls as the claimed mean rises.
    """
    low = 0.0
    high = float(values @ counts / counts.sum())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle <= 0:
            return 0.0
        if _log_of_mean_wealth(values, counts, middle) >= log_threshold:
            low = middle
        else:
            high = middle
    return low

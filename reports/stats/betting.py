"""Limits and p-values by betting: they stay valid however often one looks, and whenever one stops.

The idea: at each episode, a player bets that its accuracy exceeds a claimed mean, at odds
that are fair if the claim is true. Then the player's wealth is a martingale that starts at
1. A true claim lets it ever exceed 1 / alpha with a probability of at most alpha (Ville
1939), for every n and every rule of stopping. So great wealth refutes the claim.
"""

import numpy as np

from .arrays import FloatArray, IntArray

# Shares of the largest bet that cannot lose everything: from bold, which a handful of
# episodes need, to timid, which 100,000 episodes need. They are fixed in advance, since
# they may not depend on the data.
BETS = 0.999 * 2.0 ** (-np.arange(14) / 2)
# How many episodes must differ from the majority before their spread is trusted.
FEW = 10
# Each halving halves the bracket around a limit: 30 leave 1e-9, kept on the safe side.
_HALVINGS = 30


def little_spread(values: FloatArray | IntArray) -> bool:
    """Whether the values are too much alike for an interval that goes by their spread.

    They are when all are equal, or when more than half are equal and fewer than FEW differ
    from those. The spread then depends on whether a rare episode happened to be drawn, and
    a t-interval would be narrow only because none was.

    values: (n,)
    """
    n = values.size
    half = n // 2
    # A value that more than half share is in the middle of the sorted values.
    middle = np.partition(values, half)[half]
    n_equal = int((values == middle).sum())
    if n_equal == n:
        return True
    is_majority = 2 * n_equal > n
    return is_majority and n - n_equal < FEW


def betting_limits(
    values: FloatArray,
    counts: IntArray,
    alpha: float,
) -> tuple[float, float]:
    """Lower and upper limit of the mean of values that lie in [0, 1].

    With a probability of at least 1 - alpha, the limits after every episode hold the mean,
    all of them at once. Each limit is the mean that the bets just do not refute. The
    wealth is averaged over BETS, each of which is kept for all episodes. So the order of
    the episodes does not matter, and more episodes only add to the counts.

    values: float64 (n_values,) distinct accuracies
    counts: int (n_values,) how many episodes have each accuracy
    Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting
    (JRSS B 2024, arXiv 2010.09686): the hedged capital process, with a mixture of constant
    bets.
    """
    # Each side may use up half of alpha.
    log_threshold = np.log(2 / alpha)
    low = _lower_limit(values, counts, log_threshold)
    high = 1 - _lower_limit(1 - values, counts, log_threshold)
    return low, high


def betting_p_value(
    values: FloatArray,
    counts: IntArray,
    mean: float,
) -> float:
    """p-value of the claim that the true mean is at most `mean`.

    It is 1 over the wealth of a player who bets on a larger mean. Takes values and counts
    as `betting_limits` does.
    """
    if mean < 0:
        return 0.0
    if mean == 0:
        # A mean of 0 allows no value but 0.
        return float(not values.any())
    log_of_mean_wealth = max(_log_of_mean_wealth(values, counts, mean), 0.0)
    return float(np.exp(-log_of_mean_wealth))


def log_wealth(
    values: FloatArray,
    counts: IntArray,
    mean: float,
) -> FloatArray:
    """Log of the wealth after each of BETS that the values exceed `mean`: float64 (n_bets,).

    A bet is a share of 1 / mean, so a value of 0 loses exactly that share.
    """
    growth = np.log1p(BETS[:, None] * (values / mean - 1))
    return growth @ counts.astype(np.float64)


def _log_of_mean_wealth(
    values: FloatArray,
    counts: IntArray,
    mean: float,
) -> float:
    """Log of the wealth averaged over BETS."""
    summed = np.logaddexp.reduce(log_wealth(values, counts, mean))
    return float(summed - np.log(BETS.size))


def _lower_limit(
    values: FloatArray,
    counts: IntArray,
    log_threshold: float,
) -> float:
    """The smallest mean that the bets do not refute; wealth falls as the mean rises."""
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

"""Limits that stay valid under optional stopping: confidence sequences by betting."""

import numpy as np
from numpy.typing import NDArray

# Shares of the largest bet that cannot lose everything: from bold, which a handful of episodes
# need, to timid, which 100,000 episodes need. Fixed in advance: they may not depend on the data.
BETS = 0.999 * 2.0 ** (-np.arange(14) / 2)
# So many episodes have to differ from the rest before their spread is believed.
FEW = 10
# Each halves the bracket: down to 1e-9, kept on the safe side.
_HALVINGS = 30


def little_spread(values: NDArray[np.floating] | NDArray[np.integer]) -> bool:
    """Whether all values are alike, or more than half are and fewer than FEW differ from them.
    values: (n,). What there is of a spread then hangs on whether a rare episode was met: a
    t-interval would be narrow because none was."""
    n = values.size
    middle = np.partition(values, n // 2)[
        n // 2
    ]  # whatever has the majority is in the middle
    alike = int((values == middle).sum())
    return alike == n or (2 * alike > n and n - alike < FEW)


def betting_limits(
    values: NDArray[np.float64], counts: NDArray[np.integer], alpha: float
) -> tuple[float, float]:
    """Limits that hold the mean of bounded values at all times at once but for probability alpha.

    values: float64 (n_values,) distinct accuracies in [0, 1]; counts: int (n_values,) of each
    Whoever bets at each episode that its accuracy exceeds m, at odds that are fair if m is the
    mean, has a wealth that is a martingale: should m be the mean, it ever exceeds 1 / alpha with
    probability alpha at most (Ville 1939), for every n and every rule of stopping. The limits are
    the m at which nobody got so rich. The wealth is averaged over BETS, each of which is kept for
    all episodes: so their order does not matter, and adding up counts updates it.
    Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting
    (JRSS B 2024, arXiv 2010.09686), the hedged capital process, with a mixture of constant bets.
    """
    # Half of alpha for each side.
    low = _lower_limit(values, counts, np.log(2 / alpha))
    return low, 1 - _lower_limit(1 - values, counts, np.log(2 / alpha))


def betting_p_value(
    values: NDArray[np.float64], counts: NDArray[np.integer], mean: float
) -> float:
    """Of the claim that the mean of bounded values is at most `mean`, against a larger one: 1 over
    the wealth of whoever bets on a larger one. Arguments as of `betting_limits`."""
    if mean <= 0:  # nothing is below 0, and 0 itself leaves only zeros
        return float(mean == 0 and not values.any())
    return float(np.exp(-max(_mean_log_wealth(values, counts, mean), 0.0)))


def log_wealth(
    values: NDArray[np.float64], counts: NDArray[np.integer], mean: float
) -> NDArray[np.float64]:
    """Log wealth of each of BETS that the values exceed `mean`: float64 (n_bets,).
    A bet is a share of 1 / mean, so that a value of 0 loses just that share."""
    growth = np.log1p(BETS[:, None] * (values / mean - 1))
    return growth @ counts.astype(np.float64)


def _mean_log_wealth(
    values: NDArray[np.float64], counts: NDArray[np.integer], mean: float
) -> float:
    """Log of what all BETS own on average."""
    return float(
        np.logaddexp.reduce(log_wealth(values, counts, mean)) - np.log(BETS.size)
    )


def _lower_limit(
    values: NDArray[np.float64], counts: NDArray[np.integer], log_threshold: float
) -> float:
    """The smallest mean that is not refuted from below: wealth falls as `mean` rises."""
    low, high = 0.0, float(values @ counts / counts.sum())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle <= 0:
            return 0.0
        if _mean_log_wealth(values, counts, middle) >= log_threshold:
            low = middle
        else:
            high = middle
    return low

"""Test all pairs of entries on the episodes that they share.

These tests are about the training runs of the entries, and not about their methods.
`seed_ranking` asks about other training seeds too.
"""

import numpy as np

from ..stats.arrays import FloatArray, IntArray
from ..stats.little_spread import unseen_weight
from .few_differ import episodes_that_differ
from .pair_p_values import Unseen, two_sided
from .rank_ranges import PairTests
from .scores import Scores

# Number of episodes that are multiplied together; it limits the memory.
_BLOCK = 1024


def episode_tests(scores: Scores) -> PairTests:
    """Test each pair of entries by a paired t-test over the episodes.

    There is an allowance if nearly all episodes have the same difference. Entries with
    equal scores have a p-value of 1. Entries with the same difference d in all episodes
    have a p-value of 2 * (1 + d) ** -n_episodes.

    The tests hold if the number of episodes was fixed before an entry saw its results.
    """
    differences, errors = _moments(scores)
    n = np.full(differences.size, scores.n_episodes)
    n_differ = episodes_that_differ(scores)
    distances = np.abs(differences)
    unseen = Unseen(
        weight=unseen_weight(n, n_differ),
        n=n,
        room=1 + distances,
    )
    p_values = two_sided(
        distances,
        errors,
        n - 1,
        [unseen],
    )
    return PairTests(
        n_entries=scores.n_entries,
        differences=differences,
        errors=errors,
        p_values=p_values,
    )


def _moments(scores: Scores) -> tuple[FloatArray, FloatArray]:
    """Return the mean differences and their standard errors: float64 (n_pairs,) each.

    All sums are whole numbers, which float64 holds exactly below 2**53. So they are the
    same in any order of the entries and with any number of threads. If all episodes have
    the same difference, the error is exactly 0.
    """
    n = scores.n_episodes
    firsts, seconds = np.triu_indices(scores.n_entries, 1)
    products = _products(scores.hits)
    own_products = np.diagonal(products)
    sums = scores.hits.sum(axis=1, dtype=np.float64)
    # The difference of two means over seeds, times both numbers of seeds, is a whole
    # number of right answers: one sum times the seeds of the other, minus the opposite.
    seeds = scores.n_seeds.astype(np.float64)
    of_firsts = seeds[firsts]
    of_seconds = seeds[seconds]
    totals = sums[firsts] * of_seconds - sums[seconds] * of_firsts
    squares = own_products[firsts] * of_seconds**2
    squares += own_products[seconds] * of_firsts**2
    both = of_firsts * of_seconds
    squares -= 2 * products[firsts, seconds] * both
    deviations = np.maximum(n * squares - totals**2, 0) / n
    variances = deviations / (n - 1)
    unit = both * scores.n_queries
    return totals / n / unit, np.sqrt(variances / n) / unit


def _products(hits: IntArray) -> FloatArray:
    """Return the products of the right answers, summed over episodes.

    Returns float64 (n_entries, n_entries).
    """
    n_entries, n_episodes = hits.shape
    products = np.zeros((n_entries, n_entries))
    for start in range(0, n_episodes, _BLOCK):
        block = hits[:, start : start + _BLOCK].astype(np.float64)
        products += block @ block.T
    return products

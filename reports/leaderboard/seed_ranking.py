"""Test all pairs of entries again, so that other training seeds are covered too.

The accuracy of an entry would change with other training seeds and with other episodes.
The variance of a difference is therefore the sum of three parts:

- for each of both entries, the variance between the accuracies of its seeds, divided by
  the number of its seeds;
- the variance of the paired difference between episodes, divided by the number of
  episodes, as in `ranking`.

The variance between seeds does not contain the noise of the episodes: all seeds answer
the same episodes, so a hard episode lowers them all alike. That is why the larger of the
two variances would not do. Their sum is slightly too large, because it counts twice how
differently the seeds answer single episodes. So the tests are a little careful.

Each variance is known only roughly. Their sum has the degrees of freedom of Welch and
Satterthwaite. If the spread between seeds is the largest part, these are few, and Holm's
correction for many entries asks for large differences. With 3 seeds on each side (4
degrees of freedom), the largest difference must be 6 standard errors among 5 entries, 28
among 100 and 88 among 1,000. With 5 seeds (8 degrees of freedom) it must be 4, 10 and 18.

Sources: Satterthwaite, Biometrics Bulletin 2 (1946), 110-114; Welch, Biometrika 34
(1947), 28-35.
"""

import numpy as np
from scipy.special import stdtr

from ..stats.accuracies import mean_and_std
from ..stats.arrays import FloatArray, IntArray
from ..stats.little_spread import Allowance
from .few_differ import Unseen, p_values_with_allowance
from .rank_ranges import PairTests
from .scores import Scores

# With fewer training seeds, an entry differs from none.
FEWEST_SEEDS = 3


def seed_tests(scores: Scores, tests: PairTests) -> PairTests:
    """Test each pair of entries, so that other training seeds are covered too.

    A pair gets a p-value of 1 if one of its entries has fewer than FEWEST_SEEDS seeds. No
    p-value is smaller than that of `tests`, so no range of ranks becomes narrower. There
    is an allowance if more than half of the seeds of an entry have equal accuracies.

    tests: what `ranking.episode_tests` found for these scores
    """
    firsts, seconds = np.triu_indices(scores.n_entries, 1)
    enough = scores.n_seeds >= FEWEST_SEEDS
    known = np.flatnonzero(enough[firsts] & enough[seconds])
    errors = np.full(firsts.size, np.inf)
    p_values = np.ones(firsts.size)
    if known.size:
        pairs = (firsts[known], seconds[known])
        errors[known], found = _by_welch(scores, tests, known, pairs)
        p_values[known] = np.maximum(found, tests.p_values[known])
    return PairTests(scores.n_entries, tests.differences, errors, p_values)


def _by_welch(
    scores: Scores,
    tests: PairTests,
    known: IntArray,
    pairs: tuple[IntArray, IntArray],
) -> tuple[FloatArray, FloatArray]:
    """Return the standard errors and the p-values of pairs: float64 (n_known,) each.

    known: int (n_known,) positions in `tests`
    pairs: int (n_known,) each, the indices of both entries
    """
    firsts, seconds = pairs
    between = _variances_of_means(scores)
    df = scores.n_seeds - 1
    parts = [between[firsts], between[seconds], tests.errors[known] ** 2]
    of_episodes = np.full(known.size, scores.n_episodes - 1)
    parts_df = [df[firsts], df[seconds], of_episodes]
    variances, degrees = _welch_satterthwaite(np.stack(parts), np.stack(parts_df))
    errors = np.sqrt(variances)
    differences = tests.differences[known]
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stdtr(degrees, -np.abs(differences) / errors)
    weights = _weights(scores)
    alike = np.flatnonzero(weights[firsts] + weights[seconds])
    better = np.where(differences > 0, firsts, seconds)[alike]
    worse = np.where(differences > 0, seconds, firsts)[alike]
    # Other seeds could bring the better entry down to 0, and the worse one up to 1.
    unseen = [
        Unseen(weights[better], scores.n_seeds[better], scores.means[better]),
        Unseen(weights[worse], scores.n_seeds[worse], 1 - scores.means[worse]),
    ]
    p_values[alike] = p_values_with_allowance(
        np.abs(differences[alike]),
        errors[alike],
        degrees[alike],
        unseen,
    )
    return errors, p_values


def _variances_of_means(scores: Scores) -> FloatArray:
    """Return the variance of the mean over seeds: float64 (n_entries,), 0 for one seed."""
    n_answers = scores.n_queries * scores.n_episodes
    variances = np.zeros(scores.n_entries)
    for i, hits in enumerate(scores.seed_hits):
        if hits.size > 1:
            _, std = mean_and_std(hits / n_answers)
            variances[i] = std**2 / hits.size
    return variances


def _weights(scores: Scores) -> FloatArray:
    """Return how much to allow for unseen seeds: float64 (n_entries,), 0 to 1."""
    weights = [Allowance.of(hits).weight for hits in scores.seed_hits]
    return np.array(weights, np.float64)


def _welch_satterthwaite(
    variances: FloatArray,
    df: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the sums of variances and their degrees of freedom: float64 (n,) each.

    The degrees of freedom are 1 if all variances are 0. Then they do not matter.

    variances: float64 (n_parts, n)
    df: int (n_parts, n) the degrees of freedom of each variance
    """
    totals = variances.sum(axis=0)
    spreads = (variances**2 / df).sum(axis=0)
    ones = np.ones_like(totals)
    degrees = np.divide(totals**2, spreads, out=ones, where=spreads > 0)
    return totals, degrees

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

from ..stats.accuracies import mean_and_std
from ..stats.arrays import FloatArray, IntArray
from ..stats.little_spread import Allowance
from .pair_p_values import Unseen, two_sided
from .rank_ranges import PairTests
from .scores import Scores

# With fewer training seeds, an entry differs from none.
FEWEST_SEEDS = 3


def seed_tests(
    scores: Scores,
    tests: PairTests,
) -> PairTests:
    """Test each pair of entries, so that other training seeds are covered too.

    A pair gets a p-value of 1 if one of its entries has fewer than FEWEST_SEEDS seeds. No
    p-value is smaller than that of `tests`, so no range of ranks becomes narrower. There
    is an allowance if more than half of the seeds of an entry have equal accuracies.

    tests: what `ranking.episode_tests` found for these scores
    """
    firsts, seconds = np.triu_indices(scores.n_entries, 1)
    variances, df = _variances(scores, tests)
    errors = np.sqrt(variances)
    weights = _weights(scores)
    first_wins = tests.differences > 0
    better = np.where(first_wins, firsts, seconds)
    worse = np.where(first_wins, seconds, firsts)
    # Other seeds could bring the better entry down to 0, and the worse one up to 1.
    of_better = Unseen(
        weight=weights[better],
        n=scores.n_seeds[better],
        room=scores.means[better],
    )
    of_worse = Unseen(
        weight=weights[worse],
        n=scores.n_seeds[worse],
        room=1 - scores.means[worse],
    )
    distances = np.abs(tests.differences)
    p_values = two_sided(
        distances,
        errors,
        df,
        [of_better, of_worse],
    )
    return PairTests(
        n_entries=scores.n_entries,
        differences=tests.differences,
        errors=errors,
        p_values=np.maximum(p_values, tests.p_values),
    )


def _variances(
    scores: Scores,
    tests: PairTests,
) -> tuple[FloatArray, FloatArray]:
    """Return the variances of the differences, and their degrees of freedom.

    Both are float64 (n_pairs,).
    """
    firsts, seconds = np.triu_indices(scores.n_entries, 1)
    between_seeds = _between_seeds(scores)
    seed_df = np.maximum(scores.n_seeds - 1, 1)
    parts = [
        between_seeds[firsts],
        between_seeds[seconds],
        tests.errors**2,
    ]
    parts_df = [
        seed_df[firsts],
        seed_df[seconds],
        np.full(firsts.size, scores.n_episodes - 1),
    ]
    return _welch_satterthwaite(np.stack(parts), np.stack(parts_df))


def _between_seeds(scores: Scores) -> FloatArray:
    """Return the variance of the mean over seeds: float64 (n_entries,).

    It is infinite for fewer than FEWEST_SEEDS seeds.
    """
    n_answers = scores.n_queries * scores.n_episodes
    variances = np.full(scores.n_entries, np.inf)
    for i, hits in enumerate(scores.seed_hits):
        if hits.size >= FEWEST_SEEDS:
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

    The degrees of freedom are 1 if all variances are 0, or one is infinite. Then they do
    not matter.

    variances: float64 (n_parts, n)
    df: int (n_parts, n) the degrees of freedom of each variance
    """
    totals = variances.sum(axis=0)
    spreads = (variances**2 / df).sum(axis=0)
    known = (spreads > 0) & np.isfinite(spreads)
    degrees = np.ones_like(totals)
    np.divide(totals**2, spreads, out=degrees, where=known)
    return totals, degrees

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
differently the seeds answer single episodes.

Each variance is known only roughly, since it was computed from a few values. The degrees
of freedom are the smallest number of these values, minus 1; this is nearly always the
smaller number of seeds, minus 1. Of simulated boards of equal entries, with normally
distributed accuracies, 3 to 10 seeds and 600 episodes, at most 1 % had a false alarm. 5 %
are allowed.

The formula of Welch and Satterthwaite gives more degrees of freedom. It is not used
because a few seeds are sometimes nearly equal by chance. Then it gives almost as many
degrees of freedom as there are episodes, and the smallest p-values of a board are far too
small. Of boards with 30 equal entries of 3 seeds, 14 to 19 % had a false alarm. With 60
entries, 22 to 37 % had one. With the formula for the variances between seeds alone, it
was still 8 % if half of the entries had 3 seeds and the others 10.

With few seeds, only large differences are significant. The largest difference on a board
must be at least this many standard errors:

    entries    3 seeds    5 seeds    10 seeds
         10         30        8.4         4.7
        100        315         28         8.8
      1,000      3,161         88          15

Source: Welch, Biometrika 34 (1947), 28-35.
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
    errors = _errors(scores, tests)
    distances = np.abs(tests.differences)
    p_values = two_sided(
        distances,
        errors,
        _degrees_of_freedom(scores),
        _unseen(scores, tests),
    )
    return PairTests(
        n_entries=scores.n_entries,
        differences=tests.differences,
        errors=errors,
        p_values=np.maximum(p_values, tests.p_values),
    )


def _unseen(scores: Scores, tests: PairTests) -> list[Unseen]:
    """Return what other seeds could do to the better and to the worse entry of each pair.

    They could bring the better one down to 0, and the worse one up to 1.
    """
    firsts, seconds = np.triu_indices(scores.n_entries, 1)
    weights = _weights(scores)
    first_wins = tests.differences > 0
    better = np.where(first_wins, firsts, seconds)
    worse = np.where(first_wins, seconds, firsts)
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
    return [of_better, of_worse]


def _errors(
    scores: Scores,
    tests: PairTests,
) -> FloatArray:
    """Return the standard errors of the differences: float64 (n_pairs,)."""
    firsts, seconds = np.triu_indices(scores.n_entries, 1)
    between_seeds = _between_seeds(scores)
    of_seeds = between_seeds[firsts] + between_seeds[seconds]
    return np.sqrt(of_seeds + tests.errors**2)


def _degrees_of_freedom(scores: Scores) -> IntArray:
    """Return one less than the fewest values behind a variance: int64 (n_pairs,).

    It is at least 1. Entries with a single seed differ from none, so theirs do not matter.
    """
    firsts, seconds = np.triu_indices(scores.n_entries, 1)
    n_values = np.minimum(scores.n_seeds, scores.n_episodes)
    fewest = np.minimum(n_values[firsts], n_values[seconds])
    return np.maximum(fewest - 1, 1)


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

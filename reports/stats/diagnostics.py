"""Find the classes, the confusions and the episodes that cost accuracy."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from ..records import RunResult
from .arrays import FloatArray, IntArray
from .little_spread import unseen_weight


class Confusions(NamedTuple):
    """How often the learner took the images of each class for another class.

    n is the number of classes that occur in the episodes.

    seen: int (n,) these classes, as indices into class_names
    counts: int64 (n, n) number of queries by true class (row) and predicted class
        (column)
    met: int64 (n, n) number of queries of the row's class in episodes that also hold
        the column's class
    """

    seen: IntArray
    counts: IntArray
    met: IntArray


def class_accuracy(result: RunResult, level: float = 0.95) -> pd.DataFrame:
    """Return the accuracy on each class that occurs in the episodes, in the split's order.

    Columns: class, n (queries), correct, accuracy, low, high. low and high are the
    limits of Wilson's interval. Queries in one episode are not independent, so the
    interval uses an effective number of queries, which follows from the spread between
    episodes (Korn and Graubard 1998). This number is at least one per episode, and close
    to that if nearly all episodes are alike. The limits hold for these images of the
    class only.
    """
    n_query = result.protocol.n_query
    owners = result.classes.reshape(-1)
    hits = result.hits.sum(axis=2, dtype=np.float64).reshape(-1)
    n_classes = len(result.class_names)
    episodes = np.bincount(owners, minlength=n_classes)
    seen = np.flatnonzero(episodes)
    episodes = episodes[seen]
    correct = _totals(hits, owners, seen)
    squares = _totals(hits**2, owners, seen)
    n = episodes * n_query
    perfect = _totals(hits == n_query, owners, seen)
    failed = _totals(hits == 0, owners, seen)
    n_differ = episodes - np.maximum(perfect, failed)
    measured = _effective_queries(correct, squares, episodes, n_query)
    # The spread of a class whose episodes are nearly all alike tells little. Then part
    # of the weight is on the assumption that an episode is worth one query.
    doubt = unseen_weight(episodes, n_differ)
    worth = 1 / (doubt / episodes + (1 - doubt) / measured)
    low, high = _wilson(correct / n, worth, level)
    return pd.DataFrame(
        {
            "class": result.class_names[seen].astype(object),
            "n": n,
            "correct": correct.astype(np.int64),
            "accuracy": correct / n,
            "low": low,
            "high": high,
        }
    )


def _totals(values: NDArray[Any], owners: IntArray, seen: IntArray) -> FloatArray:
    """Sum some values over each class that was seen: float64 (n_seen,)

    owners: int (n,) the class of each value
    """
    totals = np.bincount(owners, weights=values)
    return totals[seen].astype(np.float64)


def confusion(result: RunResult) -> pd.DataFrame:
    """Count the queries by true class (row) and predicted class (column).

    Rows and columns are the classes that occur in the episodes, in the split's order.
    Two classes can be confused only in episodes that hold both. `confused_pairs` also
    counts the queries in such episodes.
    """
    found = _confusions(result)
    names = result.class_names[found.seen].astype(object)
    true = pd.Index(names, name="true")
    predicted = pd.Index(names, name="predicted")
    return pd.DataFrame(found.counts, index=true, columns=predicted)


def confused_pairs(result: RunResult, n: int = 10) -> pd.DataFrame:
    """Return the n most frequent confusions of a class with another class.

    Columns: true, predicted, wrong (number of queries of the class `true` that were
    classified as `predicted`), met (number of queries of the class `true` in episodes
    that hold both classes), rate (wrong / met).
    Sorted by wrong, then by rate, then by the split's order.
    """
    seen, counts, met = _confusions(result)
    names = result.class_names[seen].astype(object)
    np.fill_diagonal(counts, 0)
    true, predicted = np.nonzero(counts)
    wrong = counts[true, predicted]
    asked = met[true, predicted]
    rate = wrong / asked
    order = np.lexsort((predicted, true, -rate, -wrong))[:n]
    return pd.DataFrame(
        {
            "true": names[true[order]],
            "predicted": names[predicted[order]],
            "wrong": wrong[order],
            "met": asked[order],
            "rate": rate[order],
        }
    )


def hardest_episodes(result: RunResult, n: int = 10) -> pd.DataFrame:
    """Return the n episodes with the fewest right answers, hardest first.

    Columns: episode, correct, accuracy, classes (tuple of class names, by label).
    Episodes with equally many right answers keep their order.
    """
    hardest = np.argsort(result.correct, kind="stable")[:n]
    names = result.class_names[result.classes[hardest]]
    return pd.DataFrame(
        {
            "episode": hardest,
            "correct": result.correct[hardest],
            "accuracy": result.accuracies[hardest],
            "classes": [tuple(map(str, row)) for row in names],
        }
    )


def calibration_error(result: RunResult) -> float | None:
    """Return the expected calibration error, or None if scores are not probabilities.

    The best value is 0. Queries are put into bins by the probability of the predicted
    label. Each bin has an error: the distance between the mean probability and the
    fraction of right answers. The result is the mean of these errors, weighted by the
    number of queries in the bin.

    Source: Naeini et al., AAAI 2015; Guo et al., ICML 2017 (arXiv 1706.04599), equation
    3.
    """
    if result.calibration is None or not result.calibration[:, 0].any():
        return None
    queries, right, probability = result.calibration.T
    gaps = np.abs(right - probability)
    return float(gaps.sum() / queries.sum())


def _confusions(result: RunResult) -> Confusions:
    protocol = result.protocol
    seen, positions = np.unique(result.classes, return_inverse=True)
    positions = positions.reshape(result.classes.shape)
    true = np.repeat(positions, protocol.n_query, axis=1)
    labels = result.predictions.astype(np.intp)
    predicted = np.take_along_axis(positions, labels, axis=1)
    counts = _pair_counts(true, predicted, seen.size)
    rows = np.repeat(positions, protocol.n_way, axis=1)
    columns = np.tile(positions, protocol.n_way)
    met = _pair_counts(rows, columns, seen.size) * protocol.n_query
    return Confusions(
        seen=seen.astype(np.intp),
        counts=counts,
        met=met,
    )


def _pair_counts(rows: IntArray, columns: IntArray, size: int) -> IntArray:
    """Count how often each pair of a row and a column occurs: int64 (size, size)."""
    n_cells = size * size
    keys = rows.astype(np.int64) * size + columns
    counts = np.bincount(keys.reshape(-1), minlength=n_cells)
    return counts.reshape(size, size)


def _effective_queries(
    correct: FloatArray,
    squares: FloatArray,
    episodes: IntArray,
    n_query: int,
) -> FloatArray:
    """Return how many independent queries would tell as much as the queries of each class.

    The queries in one episode share the support images, so the answers depend on each
    other. All arrays are float64 (n_classes,).

    correct: right answers
    squares: sum over episodes of the squared number of right answers
    episodes: number of episodes that hold the class
    """
    n = episodes * n_query
    share = correct / n
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (squares - correct**2 / episodes) / (episodes - 1) / n_query**2
        worth = share * (1 - share) / (spread / episodes)
    # If there is no spread to measure (all right, all wrong, or a single episode), each
    # episode counts as one query.
    measured = np.isfinite(worth) & (worth > 0)
    worth = np.where(measured, worth, episodes)
    return np.clip(worth, episodes, n)


def _wilson(
    share: FloatArray,
    n: FloatArray,
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the limits of Wilson's score interval.

    Source: J. Am. Stat. Assoc. 22 (1927), 209-212.
    """
    z = float(ndtri((1 + level) / 2))
    z2 = z**2
    shrink = 1 + z2 / n
    shift = z2 / (2 * n)
    centre = (share + shift) / shrink
    variance = z2 * share * (1 - share) / n + shift**2
    half = np.sqrt(variance) / shrink
    low = np.maximum(centre - half, 0)
    high = np.minimum(centre + half, 1)
    return low, high

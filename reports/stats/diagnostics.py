"""Beyond the mean: which classes, which confusions and which episodes cost accuracy."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..records import RunResult
from .arrays import FloatArray, IntArray


class Confusions(NamedTuple):
    """How often classes were taken for each other, over the classes that occur.

    seen: int (n,) the classes, as places in the split
    counts: int64 (n, n) queries of each class (row) that got the label of each (column)
    met: int64 (n, n) queries of each class in episodes that also hold the other
    """

    seen: IntArray
    counts: IntArray
    met: IntArray


def class_accuracy(result: RunResult, level: float = 0.95) -> pd.DataFrame:
    """Accuracy on each class that occurs, in the order of the split.

    Columns: class, n (queries), correct, accuracy, low, high. The limits are Wilson's
    interval, as if there were only as many queries as the spread of the class between its
    episodes is worth (Korn and Graubard 1998), at least one an episode. They are conditional
    on the images of the class.
    """
    n_query = result.protocol.n_query
    owners = result.classes.reshape(-1)
    hits = result.hits.sum(axis=2, dtype=np.float64).reshape(-1)
    n_classes = len(result.class_names)
    episodes = np.bincount(owners, minlength=n_classes)
    seen = np.flatnonzero(episodes)
    episodes = episodes[seen]
    correct = np.bincount(owners, hits, n_classes)[seen].astype(np.float64)
    squares = np.bincount(owners, hits**2, n_classes)[seen].astype(np.float64)
    n = episodes * n_query
    worth = _effective_queries(correct, squares, episodes, n_query)
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


def confusion(result: RunResult) -> pd.DataFrame:
    """How many queries of each true class (row) got the label of each class (column).

    Only classes that occur, in the order of the split. `confused_pairs` also says how often
    two classes met.
    """
    found = _confusions(result)
    names = result.class_names[found.seen].astype(object)
    true = pd.Index(names, name="true")
    predicted = pd.Index(names, name="predicted")
    return pd.DataFrame(found.counts, index=true, columns=predicted)


def confused_pairs(result: RunResult, n: int = 10) -> pd.DataFrame:
    """The n most frequent confusions of one class with another.

    Columns: true, predicted, wrong (queries), met (queries of `true` in episodes that hold
    both), rate. Sorted by wrong, then rate; equal ones in the order of the split.
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
    """The n episodes with the fewest right answers, hardest first; equal ones in their order.

    Columns: episode, correct, accuracy, classes (tuple of names, by label).
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
    """Expected calibration error: 0 is perfect; None where scores are not probabilities.

    It is how far the probability of the predicted label is from the share of right answers,
    on average over queries, by bins of that probability.

    Source: Naeini et al., AAAI 2015; Guo et al., ICML 2017 (arXiv 1706.04599), equation 3.
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
    """How often each row meets each column: int64 (size, size)."""
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
    """How many independent queries each class is worth. All arrays are float64 (n_classes,).

    The queries of one episode share its support images, so they are right or wrong together.
    """
    n = episodes * n_query
    share = correct / n
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (squares - correct**2 / episodes) / (episodes - 1) / n_query**2
        worth = share * (1 - share) / (spread / episodes)
    # Without a spread to measure (all right, all wrong, a single episode), each episode
    # counts once.
    measured = np.isfinite(worth) & (worth > 0)
    worth = np.where(measured, worth, episodes)
    return np.clip(worth, episodes, n)


def _wilson(
    share: FloatArray,
    n: FloatArray,
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """Wilson's score interval (J. Am. Stat. Assoc. 22 (1927), 209-212)."""
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

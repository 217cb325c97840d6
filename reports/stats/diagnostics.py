"""Beyond the mean: which classes, which confusions and which episodes cost accuracy."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from ..records import RunResult


def class_accuracy(result: RunResult, level: float = 0.95) -> pd.DataFrame:
    """Accuracy on each class that occurs, in the order of the split.

    Columns: class, n (queries), correct, accuracy, low, high: Wilson's interval, as if there were
    only as many queries as the spread of the class between its episodes is worth (Korn and
    Graubard 1998), at least one an episode. Conditional on the images of the class.
    """
    protocol = result.protocol
    owners = result.classes.reshape(-1)
    hits = result.hits.sum(axis=2, dtype=np.float64).reshape(-1)
    episodes = np.bincount(owners, minlength=len(result.class_names))
    seen = np.flatnonzero(episodes)
    sums = (
        np.bincount(owners, weights, episodes.size)[seen] for weights in (hits, hits**2)
    )
    correct, squares = (values.astype(np.float64) for values in sums)
    episodes = episodes[seen]
    n = episodes * protocol.n_query
    worth = _effective_queries(correct, squares, episodes, protocol.n_query)
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
    """How many queries of each true class (row) got the label of each class (column), over the
    classes that occur, in the order of the split. See `confused_pairs` for how often two met."""
    seen, counts, _ = _met(result)
    names = result.class_names[seen].astype(object)
    return pd.DataFrame(
        counts,
        index=pd.Index(names, name="true"),
        columns=pd.Index(names, name="predicted"),
    )


def confused_pairs(result: RunResult, n: int = 10) -> pd.DataFrame:
    """The n most frequent confusions of one class with another.

    Columns: true, predicted, wrong (queries), met (queries of `true` in episodes that hold both),
    rate. Sorted by wrong, then rate; equal ones in the order of the split.
    """
    seen, counts, met = _met(result)
    names = result.class_names[seen].astype(object)
    np.fill_diagonal(counts, 0)
    true, predicted = np.nonzero(counts)
    wrong, asked = counts[true, predicted], met[true, predicted]
    order = np.lexsort((predicted, true, -wrong / asked, -wrong))[:n]
    return pd.DataFrame(
        {
            "true": names[true[order]],
            "predicted": names[predicted[order]],
            "wrong": wrong[order],
            "met": asked[order],
            "rate": wrong[order] / asked[order],
        }
    )


def hardest_episodes(result: RunResult, n: int = 10) -> pd.DataFrame:
    """The n episodes with the fewest right answers, hardest first, equal ones in their order.
    Columns: episode, correct, accuracy, classes (tuple of names, by label)."""
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
    """Expected calibration error: how far the probability of the predicted label is from the
    share of right answers, on average over queries, by bins of that probability.

    None where the scores of the learner are no probabilities. 0 is perfect.
    Source: Naeini et al., AAAI 2015; Guo et al., ICML 2017 (arXiv 1706.04599), equation 3.
    """
    if result.calibration is None or not result.calibration[:, 0].any():
        return None
    queries, right, probability = result.calibration.T
    return float(np.abs(right - probability).sum() / queries.sum())


def _met(
    result: RunResult,
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
    """Classes that occur; queries of each (row) that got the label of each (column); queries of
    each in episodes that hold the other."""
    protocol = result.protocol
    seen, positions = np.unique(result.classes, return_inverse=True)
    positions = positions.reshape(result.classes.shape)
    true = np.repeat(positions, protocol.n_query, axis=1)
    predicted = np.take_along_axis(
        positions, result.predictions.astype(np.intp), axis=1
    )
    counts = _pair_counts(true, predicted, seen.size)
    rows = np.repeat(positions, protocol.n_way, axis=1)
    columns = np.tile(positions, protocol.n_way)
    met = _pair_counts(rows, columns, seen.size) * protocol.n_query
    return seen.astype(np.intp), counts, met


def _pair_counts(rows: NDArray, columns: NDArray, size: int) -> NDArray[np.int64]:
    keys = rows.astype(np.int64) * size + columns
    return np.bincount(keys.reshape(-1), minlength=size * size).reshape(size, size)


def _effective_queries(
    correct: NDArray[np.float64],
    squares: NDArray[np.float64],
    episodes: NDArray[np.int64],
    n_query: int,
) -> NDArray[np.float64]:
    """How many independent queries each class is worth: the queries of one episode share its
    support images, so that they are right or wrong together. All float64 (n_classes,)."""
    n = episodes * n_query
    share = correct / n
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (squares - correct**2 / episodes) / (episodes - 1) / n_query**2
        worth = share * (1 - share) / (spread / episodes)
    # No spread to measure (all right, all wrong, a single episode): each episode counts once.
    measured = np.isfinite(worth) & (worth > 0)
    return np.clip(np.where(measured, worth, episodes), episodes, n)


def _wilson(
    share: NDArray[np.float64], n: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's score interval (J. Am. Stat. Assoc. 22 (1927), 209-212)."""
    z2 = float(ndtri((1 + level) / 2)) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * share * (1 - share) / n + (z2 / (2 * n)) ** 2) / (1 + z2 / n)
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)

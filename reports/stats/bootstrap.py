"""Bootstraps: of the classes of a split for one result, of episodes for a paired difference."""

import numpy as np
from numpy.typing import NDArray

from ..records import ResultError, RunResult


def class_influence(
    accuracies: NDArray[np.float64], classes: NDArray[np.integer]
) -> NDArray[np.float64]:
    """How far each class moves the mean accuracy, as a target and as a rival of the others.

    accuracies: float64 (n_episodes,); classes: int (n_episodes, n_way) class of each label
    Returns float64 (n_classes that occur,), centred: the mean accuracy is to first order the mean
    of these over classes (Hájek's projection of a U-statistic: n_way times the mean deviation of
    the episodes that hold the class).
    """
    n_way = classes.shape[1]
    deviations = np.repeat(accuracies - accuracies.mean(), n_way)
    times = np.bincount(classes.reshape(-1))
    sums = np.bincount(classes.reshape(-1), weights=deviations)
    influence = n_way * sums[times > 0] / times[times > 0]
    return finite_classes(influence.size, n_way) * (influence - influence.mean())


def drawn_together(
    influence: NDArray[np.float64], result: RunResult
) -> NDArray[np.float64]:
    """The mean influence of each class with its turned copies, which another draw of classes
    would bring or leave out together: float64 (n_base_classes that occur,).

    influence: float64 (n_classes that occur,) as `class_influence` has it
    """
    if not result.protocol.rotations:
        return influence
    names = result.class_names[np.unique(result.classes)]
    upright, mark, _ = np.strings.rpartition(names, "/rot")
    _, base = np.unique(np.where(mark == "", names, upright), return_inverse=True)
    means = np.bincount(base, weights=influence) / np.bincount(base)
    return means - means.mean()


def finite_classes(n_classes: int, n_way: int) -> float:
    """By how much influences look too small where rivals come from few classes: an episode with a
    hard class has no room for that class among its rivals, so the others are easier than average.
    """
    return (n_classes - 1) / (n_classes - n_way) if n_classes > n_way else float("nan")


def bootstrap_t_limits(
    influence: NDArray[np.float64],
    alpha: float,
    resamples: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Lower and upper quantile of the studentised mean when clusters are drawn with replacement.
    influence: float64 (n,) centred -> float64 (2,)"""
    n = influence.size
    drawn = influence[rng.integers(n, size=(resamples, n), dtype=np.int32)]
    means, variances = drawn.mean(axis=1), drawn.var(axis=1) / (n - 1)
    # A resample of one class n times has no spread; it is as rare as it is useless.
    usable = variances > 1e-12 * max(float(variances.max()), 1e-300)
    if not usable.any():
        return np.zeros(2)
    studentised = means[usable] / np.sqrt(variances[usable])
    return np.quantile(studentised, [alpha / 2, 1 - alpha / 2])


def image_variance(result: RunResult, images: NDArray[np.integer]) -> float:
    """Variance of the mean accuracy when query images are redrawn within their classes.

    images: int (n_episodes, n_way * n_query) which image each query was
    The statistic is linear in the images, so that its bootstrap variance is a sum of squares.
    Raises ResultError when the shape is not that of the predictions.
    """
    if images.shape != result.predictions.shape:
        raise ResultError(
            "open-bootstrap interval: expected the image of each query, shape "
            f"{result.predictions.shape}; got {images.shape}"
        )
    hits = result.hits.reshape(-1).astype(np.float64)
    owners = np.repeat(result.classes.reshape(-1), result.protocol.n_query)
    # A key of class and image: an image may belong to several classes, turned in each.
    keys = owners.astype(np.int64) * (int(images.max()) + 1) + images.reshape(-1)
    _, image = np.unique(keys, return_inverse=True)
    asked = np.bincount(owners)
    right = np.bincount(owners, weights=hits)
    deviations = (hits - (right / np.maximum(asked, 1))[owners]) / asked[owners]
    per_image = np.bincount(image, weights=deviations)
    return float(per_image @ per_image) / int((asked > 0).sum()) ** 2


def bootstrap_mean(
    counts: NDArray[np.integer], values: NDArray[np.float64], resamples: int, seed: int
) -> NDArray[np.float64]:
    """Means of resamples with replacement of values that come `counts` times: (resamples,).
    Few distinct values make drawing their counts equal to drawing the values, and far faster."""
    n = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=resamples)
    return drawn @ values / n

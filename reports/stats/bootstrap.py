"""Parts of the bootstraps: influence of classes, variance of images, resampled means."""

import numpy as np

from ..records import ResultError, RunResult
from .arrays import FloatArray, IntArray


def class_influence(
    accuracies: FloatArray,
    classes: IntArray,
) -> FloatArray:
    """How far each class moves the mean accuracy: float64 (n_classes that occur,), centred.

    A class counts both as the true one and as a rival of the others. To first order, the
    mean accuracy is the mean of these influences over classes. This is Hájek's projection
    of a U-statistic: n_way times the mean deviation of the episodes that hold the class.

    accuracies: float64 (n_episodes,)
    classes: int (n_episodes, n_way) class of each label
    """
    n_way = classes.shape[1]
    owners = classes.reshape(-1)
    deviations = np.repeat(accuracies - accuracies.mean(), n_way)
    times = np.bincount(owners)
    sums = np.bincount(owners, weights=deviations)
    occurs = times > 0
    influence = n_way * sums[occurs] / times[occurs]
    centred = influence - influence.mean()
    return finite_classes(influence.size, n_way) * centred


def drawn_together(
    influence: FloatArray,
    result: RunResult,
) -> FloatArray:
    """Mean influence of each class with its rotated copies: float64 (n_base_classes,).

    Another draw of classes would bring a class and its copies in together, or leave them
    out together.

    influence: float64 (n_classes that occur,) from `class_influence`
    """
    if not result.protocol.rotations:
        return influence
    names = result.class_names[np.unique(result.classes)]
    upright, mark, _ = np.strings.rpartition(names, "/rot")
    base_names = np.where(mark == "", names, upright)
    _, base = np.unique(base_names, return_inverse=True)
    means = np.bincount(base, weights=influence) / np.bincount(base)
    return means - means.mean()


def finite_classes(n_classes: int, n_way: int) -> float:
    """The factor that corrects influences for rivals that come from few classes.

    An episode with a hard class has no room for that class among its rivals. So its rivals
    are easier than average, and influences look too small. NaN for no more than n_way
    classes.
    """
    if n_classes > n_way:
        return (n_classes - 1) / (n_classes - n_way)
    return float("nan")


def bootstrap_t_limits(
    influence: FloatArray,
    alpha: float,
    resamples: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Lower and upper quantile of the studentised mean over resampled classes: float64 (2,).

    influence: float64 (n,) centred; n of them are drawn with replacement
    """
    n = influence.size
    chosen = rng.integers(n, size=(resamples, n), dtype=np.int32)
    drawn = influence[chosen]
    means = drawn.mean(axis=1)
    variances = drawn.var(axis=1) / (n - 1)
    # A resample that holds one class n times has no spread. It is rare, and left out.
    largest = max(float(variances.max()), 1e-300)
    usable = variances > 1e-12 * largest
    if not usable.any():
        return np.zeros(2)
    studentised = means[usable] / np.sqrt(variances[usable])
    return np.quantile(studentised, [alpha / 2, 1 - alpha / 2])


def image_variance(result: RunResult, images: IntArray) -> float:
    """Variance of the mean accuracy when query images are redrawn within their classes.

    The mean is linear in the images, so its bootstrap variance is a sum of squares.

    images: int (n_episodes, n_way * n_query) which image each query was
    Raises ResultError when the shape is not that of the predictions.
    """
    expected = result.predictions.shape
    if images.shape != expected:
        raise ResultError(
            f"open-bootstrap interval of {result.file_stem}: images: expected the image of "
            f"each query, shape {expected}, got shape {images.shape}. Omit `images`, or "
            "pass those that the episodes were drawn with"
        )
    hits = result.hits.reshape(-1).astype(np.float64)
    owners = np.repeat(result.classes.reshape(-1), result.protocol.n_query)
    image = _class_images(owners, images.reshape(-1))
    asked = np.bincount(owners)
    right = np.bincount(owners, weights=hits)
    shares = right / np.maximum(asked, 1)
    deviations = (hits - shares[owners]) / asked[owners]
    per_image = np.bincount(image, weights=deviations)
    n_classes = int((asked > 0).sum())
    return float(per_image @ per_image) / n_classes**2


def _class_images(
    owners: IntArray,
    images: IntArray,
) -> IntArray:
    """A number for each pair of a class and an image: int (n_queries,).

    One image may belong to several classes, rotated differently in each.
    """
    n_images = int(images.max()) + 1
    keys = owners.astype(np.int64) * n_images + images
    _, numbers = np.unique(keys, return_inverse=True)
    return numbers


def bootstrap_mean(
    counts: IntArray,
    values: FloatArray,
    resamples: int,
    seed: int,
) -> FloatArray:
    """Means of resamples, drawn with replacement: float64 (resamples,).

    Drawing how often each distinct value comes is the same as drawing the values, and far
    faster when few are distinct.

    counts: int (n_values,) how often each value occurs
    values: float64 (n_values,)
    """
    n = int(counts.sum())
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n, counts / n, size=resamples)
    return drawn @ values / n

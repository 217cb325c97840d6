"""Functions for the bootstrap over classes and the bootstrap over episodes."""

import numpy as np

from ..records import ResultError, RunResult
from .arrays import FloatArray, IntArray


def class_influence(
    accuracies: FloatArray,
    classes: IntArray,
) -> FloatArray:
    """Return how far each class moves the mean accuracy: float64 (n_seen,), centred.

    n_seen is the number of classes that occur in the episodes. A class has influence
    both as the true class and as a wrong answer for the other classes. To first order,
    another draw of classes changes the mean accuracy by the mean of their influences.
    The influence is Hájek's projection of a U-statistic: n_way times the mean deviation
    of the episodes that hold the class.

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
    """Average the influence of each class with its rotated copies.

    Another draw of classes would contain either both a class and its copies, or
    neither.

    influence: float64 (n_seen,) from `class_influence`
    Returns float64 (n_base_classes,), or `influence` itself if the protocol has no
    rotated classes.
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
    """Return the factor that corrects influences for a small number of classes.

    In an episode that holds a hard class, the other classes cannot be this class again.
    So they are easier than average, and the influence of the hard class looks too
    small. The factor is NaN if n_classes is at most n_way.
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
    """Return two quantiles of the resampled studentised mean: float64 (2,).

    They are the quantiles alpha / 2 and 1 - alpha / 2.

    Each resample draws n classes with replacement.

    influence: float64 (n,) centred
    """
    n = influence.size
    chosen = rng.integers(n, size=(resamples, n), dtype=np.int32)
    drawn = influence[chosen]
    means = drawn.mean(axis=1)
    variances = drawn.var(axis=1) / (n - 1)
    # A resample that holds one class n times has no spread. It is rare, so leave it
    # out.
    largest = max(float(variances.max()), 1e-300)
    usable = variances > 1e-12 * largest
    if not usable.any():
        return np.zeros(2)
    studentised = means[usable] / np.sqrt(variances[usable])
    return np.quantile(studentised, [alpha / 2, 1 - alpha / 2])


def image_variance(result: RunResult, images: IntArray) -> float:
    """Return the variance of the mean accuracy if query images are drawn again.

    Each query image is drawn again from the images of its class. The mean accuracy is
    linear in the images, so the bootstrap variance is a sum of squares.

    images: int (n_episodes, n_way * n_query) image number of each query
    Raises ResultError if `images` and the predictions differ in shape.
    """
    expected = result.predictions.shape
    if images.shape != expected:
        raise ResultError(
            f"open-bootstrap interval of {result.file_stem}: images: expected one "
            f"image number per query, shape {expected}, got shape {images.shape}. Leave "
            "out `images`, or pass the image numbers of the same episodes"
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
    """Number the distinct pairs of a class and an image: int (n_queries,).

    One image may belong to several classes, with another rotation in each.
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
    """Return the means of resamples drawn with replacement: float64 (resamples,).

    A resample is drawn as a count for each distinct value. This is equivalent to
    drawing the values, and much faster if few are distinct.

    counts: int (n_values,) number of times that each value occurs
    values: float64 (n_values,)
    """
    n = int(counts.sum())
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n, counts / n, size=resamples)
    return drawn @ values / n

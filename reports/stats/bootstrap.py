"""Functions for the bootstrap over classes and the bootstrap over episodes."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

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
    groups: Sequence[str] | None = None,
) -> FloatArray:
    """Sum up the influence of the classes of each group.

    The groups are drawn again as a whole. Without `groups`, a class and its rotated
    copies are a group.

    influence: float64 (n_seen,) from `class_influence`
    groups: the group of each class of the split
    Returns float64 (n_groups,), scaled so that the mean over groups moves like the mean
    over classes; or `influence` itself if every class is drawn alone.
    Raises ResultError if there is not one group for each class.
    """
    seen = np.unique(result.classes)
    if groups is not None:
        expected = len(result.class_names)
        if len(groups) != expected:
            raise ResultError(
                f"open-bootstrap interval of {result.file_stem}: groups: expected one "
                f"for each of the {expected} classes, got {len(groups)}. Pass the group "
                "of each class, in the order of class_names"
            )
        labels = np.asarray(groups)[seen]
    elif result.protocol.rotations:
        names = result.class_names[seen]
        upright, mark, _ = np.strings.rpartition(names, "/rot")
        labels = np.where(mark == "", names, upright)
    else:
        return influence
    _, group = np.unique(labels, return_inverse=True)
    sums = np.bincount(group, weights=influence)
    return sums * sums.size / influence.size


def finite_classes(n_classes: int, n_way: int) -> float:
    """Return the factor that corrects influences for a small number of classes.

    In an episode that holds a hard class, the other classes cannot be this class again.
    So they are easier than average, and the influence of the hard class looks too
    small. The factor is NaN if n_classes is at most n_way.
    """
    if n_classes > n_way:
        return (n_classes - 1) / (n_classes - n_way)
    return float("nan")


def within_classes(accuracies: FloatArray, classes: IntArray) -> float:
    """Return the variance between episodes that hold the same class.

    It is the mean over all classes. If no class occurs twice, it is the variance of all
    episodes.

    accuracies, classes: as in `class_influence`
    """
    deviations = accuracies - accuracies.mean()
    owners = classes.reshape(-1)
    repeated = np.repeat(deviations, classes.shape[1])
    times = np.bincount(owners)
    sums = np.bincount(owners, weights=repeated)
    occurs = times > 0
    of_classes = sums[occurs] ** 2 / times[occurs]
    df = int((times[occurs] - 1).sum())
    if df == 0:
        return float(accuracies.var(ddof=1))
    return float(repeated @ repeated - of_classes.sum()) / df


def influence_noise(within: float, times: IntArray, n_episodes: int) -> float:
    """Return the noise of the episodes in the variance of the mean influence.

    The mean of the episodes that hold a class differs from the mean of all episodes
    with the variance within * (1 / times - 1 / n_episodes). The second term is the
    correction for a finite population: the episodes of the class are some of all. If
    each class occurs equally often, the noise is n_way * finite_classes * within /
    n_episodes.

    within: from `within_classes`
    times: int (n_seen,) number of episodes that hold each class, above 0
    """
    n_seen = times.size
    n_way = round(times.sum() / n_episodes)
    scale = n_way * finite_classes(n_seen, n_way)
    of_class = within * (float((1 / times).mean()) - 1 / n_episodes)
    return scale**2 * of_class / (n_seen - 1)


def effective_number(influence: FloatArray) -> float:
    """Return how many classes the variance of the influences comes from.

    It is 1 if it comes from one class, and n if all n influences are equally large.

    influence: float64 (n,) centred
    """
    squares = influence**2
    fourth_powers = float(squares @ squares)
    if fourth_powers == 0:
        return float(influence.size)
    return float(squares.sum()) ** 2 / fourth_powers


def bootstrap_t_limits(
    influence: FloatArray,
    alpha: float,
    resamples: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return two quantiles of the resampled studentised mean: float64 (2,).

    They are the quantiles alpha / 2 and 1 - alpha / 2, but at most twice those of
    Student's t. If one class differs greatly from all others, the resamples without it
    have hardly any spread, and the quantiles say nothing.

    Each resample draws n classes with replacement.

    influence: float64 (n,) centred
    """
    n = influence.size
    chosen = rng.integers(n, size=(resamples, n), dtype=np.int32)
    drawn = influence[chosen]
    means = drawn.mean(axis=1)
    variances = drawn.var(axis=1) / (n - 1)
    # A resample of equal classes has no spread. Its mean is then as far out as can be.
    least = 1e-12 * max(float(variances.max()), 1e-300)
    studentised = means / np.sqrt(np.maximum(variances, least))
    most = 2 * float(stdtrit(n - 1, 1 - alpha / 2))
    quantiles = np.quantile(studentised, [alpha / 2, 1 - alpha / 2])
    return np.clip(quantiles, -most, most)


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

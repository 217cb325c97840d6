"""Draw episodes that share no image.

Episodes that are drawn with replacement share images. A confidence interval over such
episodes holds only for these images (Lafargue et al., Oops, I Sampled it Again, 2024).
Disjoint episodes share no image and are independent, given the classes. A confidence
interval over them holds for new images too.
"""

import numpy as np

from .class_layout import ClassLayout
from .episodes import EpisodeBatch, EpisodeSpec, check_sizes, draw_rotations
from .info import DataError
from .view import ImageView

# The second word of the generator's key. The module `episodes` uses 0, 1 and 2.
_DISJOINT = 3


def disjoint_episodes(
    view: ImageView | ClassLayout,
    spec: EpisodeSpec,
    seed: int,
    count: int | None = None,
) -> EpisodeBatch:
    """Draw the first `count` episodes of a stream that uses no stored image twice.

    The images of each class are shuffled and cut into portions. Each episode that uses
    the class takes one portion. Classes are drawn uniformly, except where the largest
    possible number of episodes requires certain classes. The four rotations of an image
    count as one stored image. An episode never has two rotations of the same class.
    The episodes depend only on the class sizes, the rotations of the view, the spec and
    the seed.

    count: None for all episodes of the stream
    Raises DataError if `count` is more than the split allows. Also raises DataError if
    there are too few classes, or if a class has too few images.
    """
    offsets = view.class_offsets[: view.n_base_classes + 1]
    sizes = np.diff(offsets)
    check_sizes(sizes, spec)
    n_portions = sizes // spec.images_per_class
    most = _most_episodes(n_portions, spec.n_way)
    if count is not None:
        _check_count(count, most, spec)
    generator = np.random.Philox(key=[seed, _DISJOINT])
    shuffled = _shuffle_images(offsets, generator)
    classes = _draw_classes(n_portions, spec.n_way, generator, most)
    portions = _count_earlier_uses(classes)
    classes = classes[:count]
    portions = portions[:count]

    skipped = portions * spec.images_per_class
    first = offsets[classes] + skipped
    within = np.arange(spec.images_per_class)
    places = first[:, :, None] + within
    images = shuffled[places]
    if view.rotations or view.task_rotations:
        classes, images = _rotate(view, classes, images, seed)
    return EpisodeBatch(
        classes=classes,
        support=images[:, :, : spec.n_shot],
        query=images[:, :, spec.n_shot :],
    )


def _check_count(
    count: int,
    most: int,
    spec: EpisodeSpec,
) -> None:
    if count > most:
        raise DataError(
            f"cannot draw {count} episodes that share no image: expected at most "
            f"{most} episodes with {spec.n_way} classes x {spec.images_per_class} "
            f"images from this split, got {count}. Choose fewer episodes (--episodes "
            f"{most}), or leave out --episodes to draw as many as possible."
        )


def _rotate(
    view: ImageView | ClassLayout,
    classes: np.ndarray,
    images: np.ndarray,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Rotate each class in each episode by a random multiple of 90 degrees.

    classes: int64 (n_episodes, n_way) stored classes
    images: int64 (n_episodes, n_way, images_per_class) stored images
    Returns the rotated classes and images, as indices in `view`. The shapes of the
    arrays stay the same.
    """
    n_episodes, n_way = classes.shape
    rotations = draw_rotations(n_episodes, n_way, seed, 0)
    shift = rotations * view.n_base_images
    images = images + shift[:, :, None]
    if view.rotations:
        # Rotated classes are classes of their own.
        classes = classes + rotations * view.n_base_classes
    return classes, images


def _most_episodes(n_portions: np.ndarray, n_way: int) -> int:
    """Return the largest possible number of episodes with `n_way` different classes.

    n episodes need n * n_way portions. Each class gives at most n of them, because it
    can be in an episode only once. The largest n with enough portions is returned.

    n_portions: int (n_classes,) number of episodes that each class has images for
    """
    low = 0
    high = int(n_portions.sum()) // n_way
    while low < high:
        n = (low + high + 1) // 2
        usable = np.minimum(n_portions, n).sum()
        if usable >= n_way * n:
            low = n
        else:
            high = n - 1
    return low


def _draw_classes(
    n_portions: np.ndarray,
    n_way: int,
    generator: np.random.Philox,
    n_episodes: int,
) -> np.ndarray:
    """Draw the classes of each episode: int64 (n_episodes, n_way)

    If portions are scarce, the next episode has to take some of the classes that have a
    portion left for every remaining episode. Otherwise the last episodes would have too
    few classes.

    n_portions: int (n_classes,) number of episodes that each class has images for
    """
    left = n_portions.astype(np.int64)
    chosen = np.empty((n_episodes, n_way), np.int64)
    for e in range(n_episodes):
        words = generator.random_raw(len(left))
        order = np.argsort(words, kind="stable")
        classes = _choose_classes(order, left, n_way, n_episodes - e)
        chosen[e] = classes
        left[classes] -= 1
    return chosen


def _choose_classes(
    order: np.ndarray,
    left: np.ndarray,
    n_way: int,
    episodes_left: int,
) -> np.ndarray:
    """Choose the classes of the next episode: int64 (n_way,)

    order: int64 (n_classes,) all classes in random order
    left: int64 (n_classes,) number of episodes that each class still has images for
    episodes_left: number of episodes still to draw, including the next episode
    """
    has_portions = left[order] > 0
    order = order[has_portions]
    # Classes that have a portion left for every remaining episode.
    is_full = left[order] >= episodes_left
    full = order[is_full]
    # The number of portions that the remaining episodes do not need.
    usable = np.minimum(left, episodes_left)
    n_spare = int(usable.sum()) - n_way * episodes_left
    n_compulsory = max(0, len(full) - n_spare)
    compulsory = full[:n_compulsory]

    is_free = ~np.isin(order, compulsory)
    free = order[is_free]
    n_free = n_way - len(compulsory)
    taken = np.concatenate([compulsory, free[:n_free]])
    # The random order hides which classes were compulsory. Labels follow this order.
    is_taken = np.isin(order, taken)
    return order[is_taken]


def _count_earlier_uses(chosen: np.ndarray) -> np.ndarray:
    """Count how often each chosen class was chosen in earlier episodes.

    The count is also the index of the portion of this class that the episode takes.

    chosen: int64 (n_episodes, n_way) classes of each episode
    Returns int64 (n_episodes, n_way).
    """
    flat = chosen.reshape(-1)
    order = np.argsort(flat, kind="stable")
    by_class = flat[order]
    first_places = np.searchsorted(by_class, by_class, side="left")
    places = np.arange(flat.size)
    uses = np.empty_like(flat)
    uses[order] = places - first_places
    return uses.reshape(chosen.shape)


def _shuffle_images(
    offsets: np.ndarray,
    generator: np.random.Philox,
) -> np.ndarray:
    """Return the indices of stored images, shuffled in each class: int64 (n_images,)"""
    sizes = np.diff(offsets)
    n_images = int(offsets[-1])
    classes = np.arange(len(sizes))
    owners = np.repeat(classes, sizes)
    words = generator.random_raw(n_images)
    # This sorts by class, then by the random word.
    return np.lexsort((words, owners))

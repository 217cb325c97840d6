"""Draw episodes by their number: episode i of a stream always has the same images.

A stream is the endless sequence of episodes that belongs to a seed. Episode i depends
only on the class sizes, the spec, the seed and i. It does not depend on the learner,
the number or order of the episodes drawn, the number of workers, or the machine.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .info import DataError
from .random_draws import draw_without_replacement, random_halves, random_words

# The second word of a generator's key, so that different kinds of draws with the same
# seed are independent. The word is 0 for episodes, and 3 for disjoint episodes.
_QUERY_ORDERS = 1
_ROTATIONS = 2
# The largest number of elements that are shuffled at the same time. They fit in the
# processor's cache.
_POOL_ELEMENTS = 1 << 18


@dataclass(frozen=True)
class EpisodeSpec:
    """The shape of an episode.

    n_way: number of classes, at least 2
    n_shot: number of support images in each class, at least 1
    n_query: number of query images in each class, at least 1
    Raises DataError if a number is too small.
    """

    n_way: int
    n_shot: int
    n_query: int

    def __post_init__(self) -> None:
        if self.n_way < 2 or self.n_shot < 1 or self.n_query < 1:
            raise DataError(
                f"the shape of an episode is too small: expected at least 2 classes, "
                f"each with at least 1 support image and 1 query image, got "
                f"way={self.n_way} shot={self.n_shot} query={self.n_query}. For "
                f"example, set: --set way=5 --set shot=1 --set query=15"
            )

    @property
    def images_per_class(self) -> int:
        """The number of different images of each class in an episode."""
        return self.n_shot + self.n_query


@dataclass(frozen=True, eq=False)
class EpisodeBatch:
    """Several episodes, as indices of classes and images in an `ImageView`.

    In each episode, the class in column w has the label w.

    classes: int64 (n_episodes, n_way) indices of classes
    support: int64 (n_episodes, n_way, n_shot) indices of images
    query: int64 (n_episodes, n_way, n_query) indices of images
    """

    classes: np.ndarray
    support: np.ndarray
    query: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    def range(self, start: int, end: int) -> "EpisodeBatch":
        """Return the episodes `start` to `end - 1` of this batch."""
        return EpisodeBatch(
            classes=self.classes[start:end],
            support=self.support[start:end],
            query=self.query[start:end],
        )

    @classmethod
    def joined(cls, batches: Sequence["EpisodeBatch"]) -> "EpisodeBatch":
        """Join several batches into one batch, in the same order."""
        return cls(
            classes=np.concatenate([batch.classes for batch in batches]),
            support=np.concatenate([batch.support for batch in batches]),
            query=np.concatenate([batch.query for batch in batches]),
        )


def sample_episodes(
    class_offsets: np.ndarray,
    spec: EpisodeSpec,
    seed: int,
    start: int,
    count: int,
) -> EpisodeBatch:
    """Draw episodes `start` to `start + count - 1` of the stream that `seed` gives.

    In each episode, the classes are drawn uniformly without replacement. The n_shot +
    n_query images of each class are drawn in the same way (Vinyals et al. 2016,
    section 4.1).

    class_offsets: int64 (n_classes + 1,) the images of class c are
        range(class_offsets[c], class_offsets[c + 1])
    Raises DataError if there are too few classes, or if a class has too few images.
    """
    class_offsets = np.asarray(class_offsets, dtype=np.int64)
    sizes = np.diff(class_offsets)
    check_sizes(sizes, spec)
    pool_width = max(len(sizes), spec.n_way * int(sizes.max()))
    chunk = max(1, _POOL_ELEMENTS // pool_width)
    end = start + count
    class_parts: list[np.ndarray] = []
    image_parts: list[np.ndarray] = []
    # If count is 0, an empty chunk still gives the arrays their shape.
    for first in range(start, max(end, start + 1), chunk):
        n_here = min(chunk, end - first)
        classes, images = _sample_chunk(class_offsets, spec, seed, first, n_here)
        class_parts.append(classes)
        image_parts.append(images)
    images = np.concatenate(image_parts)
    return EpisodeBatch(
        classes=np.concatenate(class_parts),
        support=images[:, :, : spec.n_shot],
        query=images[:, :, spec.n_shot :],
    )


def rotate_classes(
    episodes: EpisodeBatch,
    n_base_images: int,
    seed: int,
    start: int,
) -> EpisodeBatch:
    """Rotate each class in each episode by a random multiple of 90 degrees.

    episodes: episodes with upright images; the first is episode `start` of the stream
    n_base_images: number of stored images; each rotation by 90 degrees adds this number
        to the index of an image, see `ImageView`
    Source: Finn et al. 2017.
    """
    n_episodes, n_way = episodes.classes.shape
    rotations = draw_rotations(n_episodes, n_way, seed, start)
    shift = rotations[:, :, None] * n_base_images
    return EpisodeBatch(
        classes=episodes.classes,
        support=episodes.support + shift,
        query=episodes.query + shift,
    )


def draw_rotations(
    count: int,
    n_way: int,
    seed: int,
    start: int,
) -> np.ndarray:
    """Draw a rotation for each class in `count` episodes, in steps of 90 degrees.

    Returns int64 (count, n_way), from 0 to 3.
    """
    key = [seed, _ROTATIONS]
    words = random_words(key, start, count, n_way)
    # The two highest bits of each word.
    rotations = words[:, :n_way] >> np.uint64(62)
    return rotations.astype(np.int64)


def iterate_episodes(
    class_offsets: np.ndarray,
    spec: EpisodeSpec,
    seed: int,
    start: int = 0,
    chunk: int = 256,
) -> Iterator[EpisodeBatch]:
    """Yield the episodes of a stream without end, from episode `start` on.

    Each yielded batch has one episode.
    chunk: number of episodes drawn at the same time, which affects only the speed
    Raises what `sample_episodes` raises.
    """
    while True:
        batch = sample_episodes(class_offsets, spec, seed, start, chunk)
        for i in range(chunk):
            yield batch.range(i, i + 1)
        start += chunk


def query_orders(
    n_queries: int,
    seed: int,
    start: int,
    count: int,
) -> np.ndarray:
    """Draw a random order of the query images for each of `count` episodes.

    If they were ordered by class, the position of an image would reveal its label.
    Returns int64 (count, n_queries), a permutation in each row.
    """
    key = [seed, _QUERY_ORDERS]
    words = random_words(key, start, count, n_queries)
    return np.argsort(words[:, :n_queries], axis=1, kind="stable")


def episodes_fingerprint(episodes: EpisodeBatch, spec: EpisodeSpec) -> str:
    """Return the sha256 of the indices in the episodes, equal on every machine."""
    shape = [
        len(episodes),
        spec.n_way,
        spec.n_shot,
        spec.n_query,
    ]
    text = json.dumps(shape)
    digest = hashlib.sha256(text.encode())
    for array in (episodes.classes, episodes.support, episodes.query):
        indices = np.ascontiguousarray(array, dtype="<i8")
        digest.update(indices.data)
    return digest.hexdigest()


def check_sizes(sizes: np.ndarray, spec: EpisodeSpec) -> None:
    """Check that a split has enough classes and images for an episode.

    sizes: int (n_classes,) number of images in each class
    Raises DataError if there are too few classes, or if a class has too few images.
    """
    n_classes = len(sizes)
    if n_classes < spec.n_way:
        raise DataError(
            f"cannot draw {spec.n_way}-way episodes: expected a split with at least "
            f"{spec.n_way} classes, got {n_classes} classes. Choose fewer: --way "
            f"{n_classes} in an evaluation, --set way={n_classes} in a recipe."
        )
    smallest = int(sizes.argmin())
    n_images = int(sizes[smallest])
    if n_images < spec.images_per_class:
        option, most = "query", n_images - spec.n_shot
        if most < 1:
            option, most = "shot", max(1, n_images - spec.n_query)
        raise DataError(
            f"cannot draw episodes with {spec.n_shot} support + {spec.n_query} query "
            f"images in each class: expected at least {spec.images_per_class} images "
            f"in each class, got {n_images} images in class number {smallest}. Choose "
            f"fewer: --{option} {most} in an evaluation, --set {option}={most} in a "
            f"recipe."
        )


def _sample_chunk(
    class_offsets: np.ndarray,
    spec: EpisodeSpec,
    seed: int,
    start: int,
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the classes and images of episodes, with the arguments of `sample_episodes`.

    Returns the classes, int64 (count, n_way), and the images of each class,
    int64 (count, n_way, n_shot + n_query).
    """
    n_way = spec.n_way
    n_images = spec.images_per_class
    sizes = np.diff(class_offsets)
    halves = random_halves(seed, start, count, n_way * (1 + n_images))
    for_classes = halves[:, :n_way]
    for_images = halves[:, n_way:]

    n_classes = np.full(count, len(sizes))
    classes = draw_without_replacement(n_classes, for_classes)
    # One row for each class of each episode.
    drawn_sizes = sizes[classes].reshape(-1)
    for_images = for_images.reshape(count * n_way, n_images)
    positions = draw_without_replacement(drawn_sizes, for_images)
    positions = positions.reshape(count, n_way, n_images)
    first_images = class_offsets[classes]
    images = positions + first_images[:, :, None]
    return classes, images

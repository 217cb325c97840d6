"""Episodes as pure functions: which images make up episode i of a stream.

Episode i depends only on the class sizes, the spec, the seed and i. It does not depend on
the learner, on how many episodes are drawn or in which order, on the number of workers, or
on the machine.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .info import DataError
from .random_draws import draw_without_replacement, random_halves, random_words

# The second word of a generator's key keeps the streams of a seed apart. The episodes
# themselves have 0, and disjoint episodes have 3.
_QUERY_ORDERS = 1
_ROTATIONS = 2
# Elements of the shuffled pools that are held at once, so that they stay in the
# processor's cache.
_POOL_ELEMENTS = 1 << 18


@dataclass(frozen=True)
class EpisodeSpec:
    """The shape of an episode: classes, and support and query images for each class.

    Raises DataError for fewer than 2 classes, 1 support image or 1 query image.
    """

    n_way: int
    n_shot: int
    n_query: int

    def __post_init__(self) -> None:
        if self.n_way < 2 or self.n_shot < 1 or self.n_query < 1:
            raise DataError(
                f"the shape of an episode: expected at least 2 classes, with 1 support and "
                f"1 query image each, got way={self.n_way} shot={self.n_shot} "
                f"query={self.n_query}. For instance: --set way=5 --set shot=1 --set query=15"
            )

    @property
    def images_per_class(self) -> int:
        """How many different images of each class an episode uses."""
        return self.n_shot + self.n_query


@dataclass(frozen=True, eq=False)
class EpisodeBatch:
    """Many episodes, as indices into a view.

    The class in column w has the label w in its episode.

    classes: int64 (n_episodes, n_way) class indices
    support: int64 (n_episodes, n_way, n_shot) image indices
    query: int64 (n_episodes, n_way, n_query) image indices
    """

    classes: np.ndarray
    support: np.ndarray
    query: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    def range(self, start: int, end: int) -> "EpisodeBatch":
        """The episodes `start` to `end - 1` of these."""
        return EpisodeBatch(
            classes=self.classes[start:end],
            support=self.support[start:end],
            query=self.query[start:end],
        )

    @classmethod
    def joined(cls, batches: Sequence["EpisodeBatch"]) -> "EpisodeBatch":
        """The episodes of several batches, one batch after the other."""
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
    """Draw episodes `start` to `start + count - 1` of the stream `seed`.

    Classes are drawn uniformly without replacement. So are the n_shot + n_query images of
    each class (Vinyals et al. 2016, section 4.1).

    class_offsets: int64 (n_classes + 1,) the images of class c lie between offsets c and
        c + 1
    Raises DataError when there are too few classes, or a class has too few images.
    """
    class_offsets = np.asarray(class_offsets, dtype=np.int64)
    sizes = np.diff(class_offsets)
    check_sizes(sizes, spec)
    pool_width = max(len(sizes), spec.n_way * int(sizes.max()))
    chunk = max(1, _POOL_ELEMENTS // pool_width)
    end = start + count
    class_parts: list[np.ndarray] = []
    image_parts: list[np.ndarray] = []
    # Even without any episode there is one chunk, which gives the arrays their shape.
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
    """Rotate each class of each episode by a random multiple of 90 degrees (Finn et al. 2017).

    episodes: of upright images, the first of which is episode `start` of the stream `seed`
    n_base_images: rotating an image by 90 degrees adds this to its index, see `ImageView`
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
    """A rotation for each class of `count` episodes, in steps of 90 degrees.

    int64 (count, n_way) in 0..3
    """
    key = [seed, _ROTATIONS]
    words = random_words(key, start, count, n_way)
    # The two highest bits.
    rotations = words[:, :n_way] >> np.uint64(62)
    return rotations.astype(np.int64)


def iterate_episodes(
    class_offsets: np.ndarray,
    spec: EpisodeSpec,
    seed: int,
    start: int = 0,
    chunk: int = 256,
) -> Iterator[EpisodeBatch]:
    """The endless stream from episode `start` on, one episode at a time.

    chunk: how many are drawn at once
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
    """An order of the query images for each of `count` episodes: int64 (count, n_queries)

    Query images are shuffled because in class order their position would reveal the label.
    """
    key = [seed, _QUERY_ORDERS]
    words = random_words(key, start, count, n_queries)
    return np.argsort(words[:, :n_queries], axis=1, kind="stable")


def episodes_fingerprint(episodes: EpisodeBatch, spec: EpisodeSpec) -> str:
    """sha256 of the exact episodes, equal on every machine."""
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
    """Check that classes of these sizes can make an episode.

    sizes: int (n_classes,) images of each class
    Raises DataError when there are too few classes, or a class has too few images.
    """
    n_classes = len(sizes)
    if n_classes < spec.n_way:
        raise DataError(
            f"cannot draw {spec.n_way}-way episodes: expected a split of at least "
            f"{spec.n_way} classes, got {n_classes}. Choose a protocol or recipe with "
            f"fewer (--set way={n_classes})."
        )
    smallest = int(sizes.argmin())
    n_images = sizes[smallest]
    if n_images < spec.images_per_class:
        raise DataError(
            f"cannot draw episodes of {spec.n_shot} support + {spec.n_query} query images "
            f"a class: expected at least {spec.images_per_class} images of each class, got "
            f"{n_images} of class {smallest}. Choose a protocol or recipe with fewer "
            f"(--set query=...)."
        )


def _sample_chunk(
    class_offsets: np.ndarray,
    spec: EpisodeSpec,
    seed: int,
    start: int,
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """As `sample_episodes`: the classes, and all images of each.

    int64 (count, n_way) and (count, n_way, n_shot + n_query)
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

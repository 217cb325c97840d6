"""Episodes as pure functions: which images make up episode i of a stream.

Episode i depends on the class sizes, the spec, the seed and i, and on nothing else: not on the
learner, how many episodes are drawn, in which order, by how many workers, or on which machine.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .info import DataError

# Raw words drawn per counter step of Philox4x64.
_WORDS_PER_BLOCK = 4
# Elements of the shuffled pools that are held at once: they should stay in the processor's cache.
_POOL_ELEMENTS = 1 << 18


@dataclass(frozen=True)
class EpisodeSpec:
    """The shape of an episode; all three are counts, `n_shot` and `n_query` per class."""

    n_way: int
    n_shot: int
    n_query: int

    def __post_init__(self) -> None:
        if self.n_way < 2 or self.n_shot < 1 or self.n_query < 1:
            raise DataError(
                f"an episode needs at least 2 classes, 1 support and 1 query image per class, "
                f"got way={self.n_way} shot={self.n_shot} query={self.n_query}."
            )

    @property
    def images_per_class(self) -> int:
        """Distinct images that each class gives to one episode."""
        return self.n_shot + self.n_query


@dataclass(frozen=True, eq=False)
class EpisodeBatch:
    """Many episodes as index arrays; the class at position w has label w in its episode.

    classes: int64 (n_episodes, n_way) class index in the view
    support: int64 (n_episodes, n_way, n_shot) image index in the view
    query: int64 (n_episodes, n_way, n_query) image index in the view
    """

    classes: np.ndarray
    support: np.ndarray
    query: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)


def sample_episodes(
    class_offsets: np.ndarray, spec: EpisodeSpec, seed: int, start: int, count: int
) -> EpisodeBatch:
    """Draw episodes `start` to `start + count - 1` of the stream `seed`.

    Classes uniformly without replacement, then n_shot + n_query images of each class likewise
    (Vinyals et al. 2016, section 4.1).

    class_offsets: int64 (n_classes + 1,) the images of class c lie between offsets c and c + 1
    Raises DataError when there are too few classes, or a class has too few images.
    """
    class_offsets = np.asarray(class_offsets, dtype=np.int64)
    sizes = np.diff(class_offsets)
    check_sizes(sizes, spec)
    chunk = max(1, _POOL_ELEMENTS // max(len(sizes), spec.n_way * int(sizes.max())))
    parts = [
        _sample_chunk(
            class_offsets, spec, seed, first, min(chunk, start + count - first)
        )
        for first in range(start, start + count, chunk)
    ]
    if not parts:
        parts = [_sample_chunk(class_offsets, spec, seed, start, 0)]
    classes, images = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return EpisodeBatch(
        classes, images[:, :, : spec.n_shot], images[:, :, spec.n_shot :]
    )


def turn_classes(
    episodes: EpisodeBatch, n_base_images: int, seed: int, start: int
) -> EpisodeBatch:
    """Each class of each episode turned by a random multiple of 90 degrees (Finn et al. 2017).

    episodes: of upright images; `start` is the index of the first of them in the stream `seed`
    n_base_images: what a turn by 90 degrees adds to the index of an image, see `ImageView`
    """
    n_way = episodes.classes.shape[1]
    turns = draw_turns(len(episodes), n_way, seed, start)
    shift = turns[:, :, None] * n_base_images
    return EpisodeBatch(
        episodes.classes, episodes.support + shift, episodes.query + shift
    )


def draw_turns(count: int, n_way: int, seed: int, start: int) -> np.ndarray:
    """Quarter turns of the classes of `count` episodes: int64 (count, n_way) in 0..3"""
    blocks = -(-n_way // _WORDS_PER_BLOCK)
    generator = np.random.Philox(
        key=[seed, 2], counter=start * blocks
    )  # see query_orders
    words = generator.random_raw(count * blocks * _WORDS_PER_BLOCK).reshape(count, -1)
    return (words[:, :n_way] >> np.uint64(62)).astype(np.int64)


def iterate_episodes(
    class_offsets: np.ndarray,
    spec: EpisodeSpec,
    seed: int,
    start: int = 0,
    chunk: int = 256,
) -> Iterator[EpisodeBatch]:
    """The endless stream from episode `start` on, one episode at a time, drawn in chunks."""
    while True:
        batch = sample_episodes(class_offsets, spec, seed, start, chunk)
        for i in range(chunk):
            one = slice(i, i + 1)
            yield EpisodeBatch(batch.classes[one], batch.support[one], batch.query[one])
        start += chunk


def query_orders(n_queries: int, seed: int, start: int, count: int) -> np.ndarray:
    """A shuffle of the query images for each of `count` episodes: int64 (count, n_queries)

    In class order, the position of a query image would give its label away.
    """
    blocks = -(-n_queries // _WORDS_PER_BLOCK)
    # The second key word keeps streams apart: 0 the episodes, 1 these, 2 turns, 3 disjoint draws.
    generator = np.random.Philox(key=[seed, 1], counter=start * blocks)
    words = generator.random_raw(count * blocks * _WORDS_PER_BLOCK)
    words = words.reshape(count, blocks * _WORDS_PER_BLOCK)
    return np.argsort(words[:, :n_queries], axis=1, kind="stable")


def episodes_fingerprint(episodes: EpisodeBatch, spec: EpisodeSpec) -> str:
    """sha256 of the exact episodes, equal on every machine."""
    digest = hashlib.sha256()
    shape = [len(episodes), spec.n_way, spec.n_shot, spec.n_query]
    digest.update(json.dumps(shape).encode())
    for array in (episodes.classes, episodes.support, episodes.query):
        digest.update(np.ascontiguousarray(array, dtype="<i8").data)
    return digest.hexdigest()


def check_sizes(sizes: np.ndarray, spec: EpisodeSpec) -> None:
    """Raises DataError when classes of these sizes cannot make an episode."""
    if len(sizes) < spec.n_way:
        raise DataError(
            f"{spec.n_way}-way episodes need {spec.n_way} classes, this split has {len(sizes)}; "
            f"choose a protocol or recipe with fewer (--set way=...)."
        )
    smallest = int(sizes.argmin())
    if sizes[smallest] < spec.images_per_class:
        raise DataError(
            f"an episode takes {spec.n_shot} support + {spec.n_query} query = "
            f"{spec.images_per_class} images of each class, but class {smallest} has only "
            f"{sizes[smallest]}; choose a protocol or recipe with fewer (--set query=...)."
        )


def _sample_chunk(
    class_offsets: np.ndarray, spec: EpisodeSpec, seed: int, start: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.diff(class_offsets)
    words = _random_words(seed, start, count, spec.n_way * (1 + spec.images_per_class))
    rows = np.full(count, len(sizes))
    classes = _draw_without_replacement(rows, words[:, : spec.n_way])
    image_words = words[:, spec.n_way :].reshape(
        count * spec.n_way, spec.images_per_class
    )
    positions = _draw_without_replacement(sizes[classes].reshape(-1), image_words)
    positions = positions.reshape(count, spec.n_way, spec.images_per_class)
    return classes, positions + class_offsets[classes][:, :, None]


def _random_words(seed: int, start: int, count: int, per_episode: int) -> np.ndarray:
    """uint64 (count, per_episode) values below 2**32: row i belongs to episode start + i.

    NumPy keeps the raw words of a bit generator for ever, but not what `Generator` makes of them.
    Every episode owns the same number of counter steps, so its words can be reached directly.
    """
    blocks = -(-per_episode // (2 * _WORDS_PER_BLOCK))
    generator = np.random.Philox(key=seed, counter=start * blocks)
    raw = generator.random_raw(count * blocks * _WORDS_PER_BLOCK)
    halves = (
        raw.astype("<u8", copy=False)
        .view("<u4")
        .reshape(count, 2 * blocks * _WORDS_PER_BLOCK)
    )
    return halves[:, :per_episode].astype(np.uint64)


def _draw_without_replacement(sizes: np.ndarray, words: np.ndarray) -> np.ndarray:
    """The first steps of a Fisher-Yates shuffle of range(sizes[row]), for all rows at once.

    Scaling a 32-bit word to n values favours none by more than n / 2**32.

    sizes: int64 (n_rows,); words: uint64 (n_rows, k) below 2**32 -> int64 (n_rows, k)
    """
    n_rows, k = words.shape
    widest = int(sizes.max(initial=k))
    pool = np.tile(np.arange(widest, dtype=np.int32), (n_rows, 1))
    flat = pool.reshape(-1)
    first = np.arange(n_rows, dtype=np.int64) * widest
    left = sizes.astype(np.uint64)
    for i in range(k):
        chosen = ((words[:, i] * (left - np.uint64(i))) >> np.uint64(32)).astype(
            np.int64
        )
        chosen += first + i
        picked = flat[chosen]
        flat[chosen] = pool[:, i]
        pool[:, i] = picked
    return pool[:, :k].astype(np.int64)

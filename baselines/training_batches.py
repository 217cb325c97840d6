"""Draw the images of each training step: tasks, or plain batches of all classes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..datasets.episodes import EpisodeBatch, EpisodeSpec, iterate_episodes
from ..datasets.random_draws import random_halves

# The second word of a generator's key keeps plain batches apart from episodes.
_PLAIN_BATCHES = 4


@dataclass(frozen=True, eq=False)
class TrainingBatch:
    """The images of one training step, as indices into an `ImageView`.

    images: int64 (n_tasks, n_way * (n_shot + n_query)) for tasks, int64 (n,) for a plain
        batch
    labels: int64 (n,) the class of each image in a plain batch; None for tasks
    """

    images: np.ndarray
    labels: np.ndarray | None = None


def meta_batches(
    class_offsets: np.ndarray,
    spec: EpisodeSpec,
    size: int,
    seed: int,
    first_step: int,
) -> Iterator[TrainingBatch]:
    """Yield the tasks of `first_step` and of every later step.

    Each task has the support images first, then the query images. Both are ordered class
    by class.

    class_offsets: int64 (n_classes + 1,), see `ImageView.class_offsets`
    size: the number of tasks in a step
    """
    # Every episode can be drawn directly by its number, so a resumed run need not draw
    # the earlier episodes again.
    episodes = iterate_episodes(class_offsets, spec, seed, first_step * size)
    while True:
        tasks = [_in_order(next(episodes)) for _ in range(size)]
        yield TrainingBatch(np.stack(tasks))


def plain_batches(
    class_offsets: np.ndarray,
    size: int,
    seed: int,
    first_step: int,
) -> Iterator[TrainingBatch]:
    """Yield images of all classes, with labels, for `first_step` and every later step.

    Each image is drawn uniformly from all images, with replacement. The images of a step
    depend only on the number of images, the size, the seed and the step.

    class_offsets: int64 (n_classes + 1,), see `ImageView.class_offsets`
    size: the number of images in a step
    """
    n_images = np.uint64(class_offsets[-1])
    step = first_step
    while True:
        halves = random_halves([seed, _PLAIN_BATCHES], step, 1, size)[0]
        images = ((halves * n_images) >> np.uint64(32)).astype(np.int64)
        labels = np.searchsorted(class_offsets, images, side="right") - 1
        yield TrainingBatch(images, labels)
        step += 1


def _in_order(episode: EpisodeBatch) -> np.ndarray:
    support = episode.support.reshape(-1)
    query = episode.query.reshape(-1)
    return np.concatenate([support, query])

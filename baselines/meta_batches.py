"""The tasks of each training step, as indices of images."""

from collections.abc import Iterator

import numpy as np

from ..datasets.episodes import EpisodeBatch, iterate_episodes
from .config import TrainConfig


def meta_batches(
    class_offsets: np.ndarray,
    config: TrainConfig,
    first_step: int,
) -> Iterator[np.ndarray]:
    """Image indices of the tasks of `first_step` and of every later step.

    class_offsets: int64 (n_classes + 1,), see `ImageView.class_offsets`
    Yields int64 (meta_batch_size, n_way * (n_shot + n_query)): in each task the support
    images first, each class by class.
    """
    size = config.meta_batch_size
    # Any episode of a stream can be drawn directly, so a resumed run skips nothing.
    episodes = iterate_episodes(
        class_offsets,
        config.train_spec,
        config.seed,
        first_step * size,
    )
    while True:
        tasks = [_in_order(next(episodes)) for _ in range(size)]
        yield np.stack(tasks)


def _in_order(episode: EpisodeBatch) -> np.ndarray:
    support = episode.support.reshape(-1)
    query = episode.query.reshape(-1)
    return np.concatenate([support, query])

"""Draw the tasks (training episodes) for each training step."""

from collections.abc import Iterator

import numpy as np

from ..datasets.episodes import EpisodeBatch, iterate_episodes
from .config import TrainConfig


def meta_batches(
    class_offsets: np.ndarray,
    config: TrainConfig,
    first_step: int,
) -> Iterator[np.ndarray]:
    """Yield the image indices of all tasks in a step, for `first_step` and later steps.

    class_offsets: int64 (n_classes + 1,), see `ImageView.class_offsets`
    Yields int64 (meta_batch_size, n_way * (n_shot + n_query)). Each task has its
    support images first, then its query images. Both are ordered class by class.
    """
    size = config.meta_batch_size
    # Every episode can be drawn directly by its number, so a resumed run need not draw
    # the earlier episodes again.
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

import itertools

import numpy as np

from fewbench.baselines.meta_batches import meta_batches
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes

OFFSETS = np.arange(0, 11) * 20  # 10 classes of 20 images
CONFIG = load_recipe(
    "maml-glyphs", ["way=5", "shot=1", "query=2", "meta_batch_size=3", "seed=7"]
)


def test_tasks_are_the_episodes_of_the_seed_support_first() -> None:
    episodes = sample_episodes(OFFSETS, EpisodeSpec(5, 1, 2), 7, 0, 6)
    batches = list(itertools.islice(meta_batches(OFFSETS, CONFIG, 0), 2))
    for i in range(6):
        task = batches[i // 3][i % 3]
        np.testing.assert_array_equal(task[:5], episodes.support[i].reshape(-1))
        np.testing.assert_array_equal(task[5:], episodes.query[i].reshape(-1))


def test_a_later_first_step_continues_the_same_stream() -> None:
    whole = list(itertools.islice(meta_batches(OFFSETS, CONFIG, 0), 6))
    rest = list(itertools.islice(meta_batches(OFFSETS, CONFIG, 4), 2))
    np.testing.assert_array_equal(np.stack(whole[4:]), np.stack(rest))

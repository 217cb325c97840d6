import itertools

import numpy as np

from fewbench.baselines.training_batches import meta_batches, plain_batches
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes

OFFSETS = np.arange(0, 11) * 20  # 10 classes of 20 images
SPEC = EpisodeSpec(5, 1, 2)


def tasks(first_step: int, n_steps: int) -> list[np.ndarray]:
    batches = meta_batches(OFFSETS, SPEC, 3, 7, first_step)
    return [batch.images for batch in itertools.islice(batches, n_steps)]


def test_tasks_are_the_episodes_of_the_seed_support_first() -> None:
    episodes = sample_episodes(OFFSETS, SPEC, 7, 0, 6)
    batches = tasks(0, 2)
    for i in range(6):
        task = batches[i // 3][i % 3]
        np.testing.assert_array_equal(task[:5], episodes.support[i].reshape(-1))
        np.testing.assert_array_equal(task[5:], episodes.query[i].reshape(-1))


def test_a_later_first_step_continues_the_same_stream() -> None:
    whole = tasks(0, 6)
    rest = tasks(4, 2)
    np.testing.assert_array_equal(np.stack(whole[4:]), np.stack(rest))


def test_plain_batches_have_images_of_all_classes_with_their_labels() -> None:
    offsets = np.array([0, 3, 10, 11])
    batches = list(itertools.islice(plain_batches(offsets, 50, 7, 0), 40))
    images = np.concatenate([batch.images for batch in batches])
    labels = np.concatenate([np.asarray(batch.labels) for batch in batches])
    assert set(images) == set(range(11))
    np.testing.assert_array_equal(labels, np.array([0, 0, 0, *[1] * 7, 2])[images])
    counts = np.bincount(images, minlength=11)
    # 2,000 draws: each image comes 182 times, give or take 13.
    assert abs(counts - 2000 / 11).max() < 5 * 13


def test_a_later_first_step_continues_the_same_plain_batches() -> None:
    def images(first_step: int, n_steps: int, seed: int = 7) -> np.ndarray:
        batches = plain_batches(OFFSETS, 9, seed, first_step)
        return np.stack([b.images for b in itertools.islice(batches, n_steps)])

    np.testing.assert_array_equal(images(0, 6)[4:], images(4, 2))
    assert (images(0, 6) != images(0, 6, seed=8)).any()
    assert (images(0, 2)[0] != images(0, 2)[1]).any()

"""Episodes that share no image: independent given the classes, for intervals about new images.

After Lafargue et al., Oops, I Sampled it Again (2024): episodes that are drawn with replacement
share images, and an interval over them speaks of these images only.
"""

import numpy as np

from .episodes import EpisodeBatch, EpisodeSpec, check_sizes, draw_turns
from .info import DataError
from .view import ImageView


def disjoint_episodes(
    view: ImageView, spec: EpisodeSpec, seed: int, count: int | None = None
) -> EpisodeBatch:
    """The first `count` episodes, or all, of a stream that uses no stored image twice.

    Classes are drawn uniformly, as long as that leaves as many episodes as the split allows.
    Turned images count as the stored one, so an episode never has two turns of one class either.
    A pure function of the class sizes, the spec and the seed. Raises DataError when `count` is
    more than the split allows.
    """
    offsets = view.class_offsets[: view.n_base_classes + 1]
    sizes = np.diff(offsets)
    check_sizes(sizes, spec)
    portions = (
        sizes // spec.images_per_class
    )  # of each class, one for every episode it joins
    most = _most_episodes(portions, spec.n_way)
    if count is not None and count > most:
        raise DataError(
            f"this split has {most} episodes of {spec.n_way} classes x {spec.images_per_class} "
            f"images that share no image, not {count}. Ask for fewer (--episodes {most}), or "
            f"leave --episodes away to get all of them."
        )
    generator = np.random.Philox(key=[seed, 3])
    order = _shuffled_images(offsets, generator)
    classes, portion = _share_out(portions, spec.n_way, generator, most)
    classes, portion = classes[:count], portion[:count]
    first = offsets[classes] + portion * spec.images_per_class
    images = order[first[:, :, None] + np.arange(spec.images_per_class)]
    if view.rotations or view.task_rotations:
        turns = draw_turns(len(classes), spec.n_way, seed, 0)
        classes = classes + turns * view.n_base_classes * view.rotations
        images = images + turns[:, :, None] * view.n_base_images
    return EpisodeBatch(
        classes, images[:, :, : spec.n_shot], images[:, :, spec.n_shot :]
    )


def _most_episodes(portions: np.ndarray, n_way: int) -> int:
    """How many sets of n_way different classes the portions make: the largest n for which
    the classes, each at most n times, fill n sets."""
    low, high = 0, int(portions.sum()) // n_way
    while low < high:
        n = (low + high + 1) // 2
        enough = int(np.minimum(portions, n).sum()) >= n_way * n
        low, high = (n, high) if enough else (low, n - 1)
    return low


def _share_out(
    portions: np.ndarray, n_way: int, generator: np.random.Philox, n_episodes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which classes make each episode, and which portion of its images each of them gives.

    Two int64 (n_episodes, n_way). A class with as many portions left as there are episodes may
    have to take part, or the last episodes would lack classes.
    """
    left = portions.astype(np.int64)
    chosen = np.empty((n_episodes, n_way), np.int64)
    for e in range(n_episodes):
        episodes_left = n_episodes - e
        order = np.argsort(generator.random_raw(len(left)), kind="stable")
        order = order[left[order] > 0]
        full = left[order] >= episodes_left
        spare = int(np.minimum(left, episodes_left).sum()) - n_way * episodes_left
        compulsory = order[full][: max(0, int(full.sum()) - spare)]
        free = order[~np.isin(order, compulsory)][: n_way - len(compulsory)]
        taken = np.concatenate([compulsory, free])
        chosen[e] = order[np.isin(order, taken)]  # in random order: labels say nothing
        left[chosen[e]] -= 1
    return chosen, _earlier_uses(chosen)


def _earlier_uses(chosen: np.ndarray) -> np.ndarray:
    """How often the class at each place was chosen before: the portion that is next."""
    flat = chosen.reshape(-1)
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], flat[order], side="left")
    uses = np.empty_like(flat)
    uses[order] = np.arange(flat.size) - starts
    return uses.reshape(chosen.shape)


def _shuffled_images(offsets: np.ndarray, generator: np.random.Philox) -> np.ndarray:
    """Stored images, shuffled within each class: int64 (n_images,)"""
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.lexsort((generator.random_raw(int(offsets[-1])), owners))

"""A small episode of random pixels, for tests of learners."""

import numpy as np


def random_episode(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Support images, support labels and query images of a 3-way 2-shot episode."""
    rng = np.random.default_rng(seed)
    support = rng.integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
    query = rng.integers(0, 256, (12, 28, 28, 1), dtype=np.uint8)
    return support, np.repeat(np.arange(3), 2), query

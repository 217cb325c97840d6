"""Random numbers and draws that are the same on every machine, reached by their index.

NumPy guarantees that the raw words of a bit generator never change. It does not guarantee
what `Generator` makes of them, so fewbench draws from the raw words itself.
"""

import math
from collections.abc import Sequence

import numpy as np

# Philox4x64 makes this many words of 64 bits in each step of its counter.
_WORDS_PER_STEP = 4


def random_words(
    key: int | Sequence[int],
    start: int,
    count: int,
    n_words: int,
) -> np.ndarray:
    """Random words for the items `start` to `start + count - 1`.

    uint64 (count, n_words), or a few more columns
    Every item owns the same number of counter steps, so its words do not depend on which
    other items are asked for.

    key: of the generator, see `numpy.random.Philox`
    """
    steps = math.ceil(n_words / _WORDS_PER_STEP)
    width = steps * _WORDS_PER_STEP
    generator = np.random.Philox(
        key=key,
        counter=start * steps,
    )
    words = generator.random_raw(count * width)
    return words.reshape(count, width)


def random_halves(
    key: int | Sequence[int],
    start: int,
    count: int,
    n_halves: int,
) -> np.ndarray:
    """As `random_words`, but numbers below 2**32: uint64 (count, n_halves)"""
    n_words = math.ceil(n_halves / 2)
    words = random_words(key, start, count, n_words)
    # The lower half of each word comes first, on every machine.
    words = words.astype("<u8", copy=False)
    halves = words.view("<u4")
    used = halves[:, :n_halves]
    return used.astype(np.uint64)


def draw_without_replacement(
    sizes: np.ndarray,
    halves: np.ndarray,
) -> np.ndarray:
    """Draw k different numbers of range(sizes[row]) for each row.

    These are the first k steps of a Fisher-Yates shuffle, for all rows at once. Scaling a
    32-bit number to n values favours no value by more than n / 2**32.

    sizes: int64 (n_rows,)
    halves: uint64 (n_rows, k), random and below 2**32
    Returns int64 (n_rows, k).
    """
    n_rows, k = halves.shape
    widest = int(sizes.max(initial=k))
    numbers = np.arange(widest, dtype=np.int32)
    pool = np.tile(numbers, (n_rows, 1))
    flat_pool = pool.reshape(-1)
    row_starts = np.arange(n_rows, dtype=np.int64) * widest
    unsigned_sizes = sizes.astype(np.uint64)
    for i in range(k):
        # The numbers that are left, scaled by a random fraction. In place, which is faster.
        scaled = unsigned_sizes - np.uint64(i)
        scaled *= halves[:, i]
        scaled >>= np.uint64(32)
        chosen = scaled.astype(np.int64)
        chosen += row_starts + i
        # Exchange the chosen number with the first of those that are left.
        picked = flat_pool[chosen]
        flat_pool[chosen] = pool[:, i]
        pool[:, i] = picked
    drawn = pool[:, :k]
    return drawn.astype(np.int64)

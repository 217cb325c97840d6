"""Draw random numbers that are the same on every machine.

NumPy guarantees that the raw words of a bit generator never change. It does not
guarantee this for the methods of `Generator`. So fewbench draws from raw words.
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
    """Return random words for the items `start` to `start + count - 1`.

    An item is, for example, an episode. Every item uses a part of the generator's
    counter that no other item uses, so its words do not depend on the other items in the call.

    key: the key of the generator, see `numpy.random.Philox`
    Returns uint64 (count, n_columns), where n_columns is n_words rounded up to a
        multiple of 4.
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
    """Return random numbers below 2**32 for each item: uint64 (count, n_halves)

    The numbers are the halves of the words from `random_words`. The other arguments are
    explained there.
    """
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
    """Draw k different numbers from range(sizes[row]) for each row.

    The method is the first k steps of a Fisher-Yates shuffle, for all rows at once.
    Each step turns a 32-bit random number into one of n values. The most likely value
    is then at most about 1 + n / 2**32 times as likely as the least likely value.

    sizes: int64 (n_rows,) each at least k
    halves: uint64 (n_rows, k) random numbers below 2**32
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
        # Scale the random number to the remaining numbers. In-place is faster.
        scaled = unsigned_sizes - np.uint64(i)
        scaled *= halves[:, i]
        scaled >>= np.uint64(32)
        chosen = scaled.astype(np.int64)
        chosen += row_starts + i
        # Exchange the chosen number with the first of the remaining numbers.
        picked = flat_pool[chosen]
        flat_pool[chosen] = pool[:, i]
        pool[:, i] = picked
    drawn = pool[:, :k]
    return drawn.astype(np.int64)

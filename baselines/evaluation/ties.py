"""Turn scores into predicted labels. Chance decides where scores tie.

If ties went to the class that stands first, a model that gives all classes the same score
would get a fixed answer in place of a guess. So a tie goes to a class chosen by a hash of
the episode and the query image. The hash is a word of a counter-based generator. It does
not depend on the scores, on other query images, or on the range of episodes in a call.
"""

import numpy as np

from ...datasets.random_draws import random_words

# The second word of the generator's key; `datasets.episodes` uses the smaller ones.
_TIES = 4


def predicted_labels(
    scores: np.ndarray,
    places: np.ndarray,
    seed: int,
    start: int,
) -> np.ndarray:
    """Return the class with the highest score for each query image.

    If k classes share the highest score, the query image with place j in episode i gets
    one of them: in the order of labels, the one at index (h * k) >> 32. Here h is the
    upper half of word j that the generator draws for episode i.

    scores: float (n_episodes, n_queries, n_way), finite
    places: int64 (n_episodes, n_queries) the place of each query image in its episode,
        class by class
    seed: the seed of the episodes
    start: the number of the first episode among all episodes of the seed
    Returns uint8 (n_episodes, n_queries).
    """
    n_way = scores.shape[-1]
    rows = scores.reshape(-1, n_way)
    labels = rows.argmax(axis=-1)
    is_highest = rows == np.take_along_axis(rows, labels[:, None], axis=-1)
    if np.count_nonzero(is_highest) > len(labels):
        n_highest = np.bincount(np.flatnonzero(is_highest) // n_way)
        tied = np.flatnonzero(n_highest > 1)
        ranks = _draw_ranks(tied, n_highest[tied], places, seed, start)
        labels[tied] = _at_rank(is_highest[tied], ranks)
    return labels.astype(np.uint8).reshape(places.shape)


def _draw_ranks(
    tied: np.ndarray,
    n_highest: np.ndarray,
    places: np.ndarray,
    seed: int,
    start: int,
) -> np.ndarray:
    """Draw a number below n_highest for each query image with a tie: int64 (n_tied,)

    tied: int64 (n_tied,) indices in the flattened `places`
    """
    n_episodes, n_queries = places.shape
    words = random_words([seed, _TIES], start, n_episodes, n_queries)
    own_words = words[tied // n_queries, places.reshape(-1)[tied]]
    scaled = (own_words >> np.uint64(32)) * n_highest.astype(np.uint64)
    return (scaled >> np.uint64(32)).astype(np.int64)


def _at_rank(is_highest: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Return the label at a rank among the highest of each row: int64 (n_tied,)

    is_highest: bool (n_tied, n_way)
    ranks: int64 (n_tied,)
    """
    n_so_far = is_highest.cumsum(axis=-1)
    return (n_so_far > ranks[:, None]).argmax(axis=-1)

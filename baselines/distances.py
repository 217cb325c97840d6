"""Squared Euclidean distances between query images and class means.

`class_mean_scores` gives predictions. They equal those of float64, wherever the features
lie. `negative_squared_distances` is the plain float32 formula, for training.
"""

import math

import torch
from torch import Tensor
from torch.linalg import vector_norm

# Two float32 scores are told apart if they differ by more than this fraction of the squared
# lengths that they come from, times sqrt(d): 32 roundings of a float32 sum. The rounding of
# a sum of d terms grows with sqrt(d) (Higham and Mary, A New Approach to Probabilistic
# Rounding Error Analysis, 2019).
_ROUNDING = 2.0**-19
# Scores are computed again for so many queries at once that the differences of their
# features have at most this many values.
_VALUES_AT_ONCE = 1 << 20
# The number of features in a block. For 150 queries, a block is about 1 MB.
_FEATURES_AT_ONCE = 2048


def class_mean_scores(support: Tensor, query: Tensor) -> Tensor:
    """Return minus the squared distance of each query to the mean of each class.

    Distances do not change if the same vector is subtracted from all features. So the
    centre of the episode's class means is subtracted first, and float32 loses no digits to
    a constant in the features. Where the two highest scores of a query still differ by no
    more than rounding, all scores of this query are computed again in float64. There,
    integers and half-precision numbers are computed without rounding, so equal distances
    give equal scores.

    support: any real type (..., n_way, n_shot, d)
    query: the same type (..., n_queries, d)
    Returns float64 (..., n_queries, n_way).
    """
    n_shot = support.shape[-2]
    sums = support.sum(-2, dtype=torch.float64)
    means = sums / n_shot
    scores, sizes = _scores_in_blocks(query, means)
    highest = scores.amax(-1, keepdim=True)
    tolerance = _ROUNDING * math.sqrt(query.shape[-1]) * sizes
    n_near = (scores >= highest - tolerance).sum(-1)
    scores = scores.double()
    # None is near where float32 overflowed and gave NaN.
    _score_again(scores, n_near != 1, query, sums, n_shot)
    return scores


def cosine_scores(support: Tensor, query: Tensor) -> Tensor:
    """Return the cosine between each query and the mean of each class.

    The cosine with a vector of zeros is 0.

    support: any real type (..., n_way, n_shot, d)
    query: the same type (..., n_queries, d)
    Returns float64 (..., n_queries, n_way).
    """
    means = support.double().mean(-2)
    prototypes = _unit_length(means)
    queries = _unit_length(query.double())
    return queries @ prototypes.mT


def _unit_length(vectors: Tensor) -> Tensor:
    lengths = vector_norm(vectors, dim=-1, keepdim=True)
    is_long = lengths > 0
    divisors = lengths.where(is_long, 1)
    return vectors / divisors


def negative_squared_distances(query: Tensor, prototypes: Tensor) -> Tensor:
    """Return minus the squared distance of each query to each prototype.

    (..., n, d), (..., n_way, d) -> (..., n, n_way)
    The squared distance is computed as |q|^2 - 2 q.p + |p|^2. This loses digits if the
    features have a large constant in common; see `class_mean_scores`.
    """
    query_squares = query.square().sum(-1, keepdim=True)
    prototype_squares = prototypes.square().sum(-1).unsqueeze(-2)
    squares = query_squares + prototype_squares
    return 2 * query @ prototypes.transpose(-1, -2) - squares


def _scores_in_blocks(
    query: Tensor,
    means: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the scores, and the sum of squared lengths that bounds their rounding.

    They are summed over blocks of features, whose differences to the centre fit in the
    cache of a processor.

    query: any real type (..., n_queries, d)
    means: float64 (..., n_way, d)
    Returns float32 (..., n_queries, n_way) and float32 (..., n_queries, 1).
    """
    query_blocks = query.split(_FEATURES_AT_ONCE, dim=-1)
    means_blocks = means.split(_FEATURES_AT_ONCE, dim=-1)
    totals = _products(query_blocks[0], means_blocks[0])
    blocks = zip(query_blocks[1:], means_blocks[1:], strict=True)
    for some_query, some_means in blocks:
        parts = _products(some_query, some_means)
        for total, part in zip(totals, parts, strict=True):
            total.add_(part)
    products, query_squares, prototype_squares = totals
    squares = query_squares + prototype_squares
    sizes = query_squares + prototype_squares.amax(-1, keepdim=True)
    return products - squares, sizes


def _products(
    query: Tensor,
    means: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return twice the products of queries and class means, and the squares of both.

    All are taken after the centre of the means was subtracted.

    query: any real type (..., n_queries, d)
    means: float64 (..., n_way, d)
    Returns float32 (..., n_queries, n_way), (..., n_queries, 1) and (..., 1, n_way).
    """
    precise = torch.promote_types(query.dtype, torch.float32)
    centre = means.mean(-2, keepdim=True)
    # Each difference is rounded once.
    centre = centre.to(precise)
    queries = (query - centre).float()
    prototypes = (means - centre).float()
    # Unlike square().sum(), this makes no copy of the features.
    query_squares = vector_norm(queries, dim=-1, keepdim=True).square()
    prototype_squares = vector_norm(prototypes, dim=-1).square().unsqueeze(-2)
    products = queries @ (2 * prototypes).mT
    return products, query_squares, prototype_squares


def _score_again(
    scores: Tensor,
    which: Tensor,
    query: Tensor,
    sums: Tensor,
    n_shot: int,
) -> None:
    """Compute the scores of some queries in float64, and write them into `scores`.

    scores: float64 (..., n_queries, n_way)
    which: bool (..., n_queries)
    sums: float64 (..., n_way, d) the sums of the support features of each class
    """
    places = which.nonzero()
    n_way, width = sums.shape[-2:]
    n_at_once = max(1, _VALUES_AT_ONCE // (n_way * width))
    for some in places.split(n_at_once):
        here = some.unbind(-1)
        own_sums = sums[here[:-1]]
        # n_shot times the difference to the mean: no division before the squares.
        differences = n_shot * query[here].double().unsqueeze(-2) - own_sums
        scores[here] = differences.square().sum(-1) / -(n_shot**2)

"""Measure how far right answers fall on images that other learners get right too.

Some images are hard for every learner. So the hits of a real model agree with the hit rates of
images among other learners, and hits that were made up at random do not. This is cheap
evidence and no proof: who knows the table can make up hits that agree with it.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from ...datasets.class_layout import ClassLayout
from ...datasets.episodes import EpisodeBatch
from ...reports.protocol import EvalProtocol
from ...reports.records import RunResult
from ..protocols.drawing import draw_disjoint, draw_independent

# A rate is stored as a whole number of half percent.
STEPS = 200
_EPISODES_PER_PART = 1000


def table_name(protocol: EvalProtocol) -> str:
    """Return the file name of the hit rates of a split's images."""
    rotations = "-rotations" if protocol.rotations else ""
    return f"{protocol.dataset}-{protocol.split}{rotations}.npz"


@cache
def hit_rates(name: str) -> tuple[str, NDArray[np.uint8]] | None:
    """Return the content hash of a split, and the hit rate of each image; None if unknown.

    Returns uint8 (n_images,) in half percent
    """
    path = files("fewbench.benchmark.submission") / "hit_rates" / name
    if not path.is_file():
        return None
    with path.open("rb") as file, np.load(file) as arrays:
        return str(arrays["data_fingerprint"]), arrays["rates"]


def agreement(result: RunResult) -> float | None:
    """Return the correlation of a result's hits with the hit rates of the images.

    Both are taken within their episode, so that hard episodes do not count. None if there
    is no table for these images, or if all answers of each episode are alike.
    """
    known = hit_rates(table_name(result.protocol))
    can_draw = (
        result.protocol.sampling != "listed" and not result.protocol.task_rotations
    )
    if known is None or known[0] != result.data_fingerprint or not can_draw:
        return None
    products = np.zeros(3)
    start = 0
    for part in drawn_parts(result):
        end = start + len(part)
        rates = known[1][part.query].astype(np.float64)
        hits = result.hits[start:end].astype(np.float64)
        products += _products(hits, rates)
        start = end
    both, of_hits, of_rates = products
    if not of_hits or not of_rates:
        return None
    return float(both / np.sqrt(of_hits * of_rates))


def drawn_parts(result: RunResult) -> Iterator[EpisodeBatch]:
    """Draw the episodes of a result again, in parts."""
    protocol = result.protocol
    layout = ClassLayout(
        sizes=result.class_sizes.astype(np.int64),
        rotations=protocol.rotations,
        task_rotations=protocol.task_rotations,
    )
    if protocol.sampling == "disjoint":
        yield draw_disjoint(protocol, layout, protocol.n_episodes)
        return
    for start in range(0, protocol.n_episodes, _EPISODES_PER_PART):
        end = min(start + _EPISODES_PER_PART, protocol.n_episodes)
        yield draw_independent(protocol, layout, start, end)


def _products(
    hits: NDArray[np.float64], rates: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sums of three products: hits and rates, hits squared, rates squared."""
    own = hits - hits.mean(axis=(1, 2), keepdims=True)
    theirs = rates - rates.mean(axis=(1, 2), keepdims=True)
    return np.array([(own * theirs).sum(), (own**2).sum(), (theirs**2).sum()])

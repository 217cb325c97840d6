"""Find a protocol by name.

A published protocol is never edited. A changed protocol gets a new name.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fewbench.documents import explain

from ...datasets.catalogue import find_dataset
from ...datasets.info import DataError
from ...datasets.lookup import pick
from ...datasets.root import data_root
from ...datasets.sizes import sized_name
from ...reports.protocol import EvalProtocol
from .listing import PROTOCOLS, all_protocols
from .names import ALL_EPISODES, named_by_changes

_SIZED = re.compile(r"(.+)@([1-9]\d{0,5})(-.+)")
MOST_EPISODES = 10**6  # a limit, because all episodes are in memory at once


def check_episodes(n_episodes: int | None) -> None:
    """Raise DataError if a number of episodes is too large for a result.

    n_episodes: the number; None is always accepted
    """
    if n_episodes and n_episodes > MOST_EPISODES:
        raise DataError(
            f"--episodes: expected at most {MOST_EPISODES:,}, got {n_episodes:,}. "
            f"Type --episodes {MOST_EPISODES}, which is enough for a ± of 0.1 points"
        )


def find_protocol(
    name: str,
    *,
    dataset: str | None = None,
    split: str | None = None,
    way: int | None = None,
    shot: int | None = None,
    query: int | None = None,
    seed: int | None = None,
    n_episodes: int | None = None,
    disjoint: bool = False,
    root: Path | None = None,
) -> EvalProtocol:
    """Return the protocol of this name, changed by the other arguments.

    Each change adds a suffix to the name of the protocol. None means no change.

    name: a name of the catalogue. With a size, such as miniimagenet@224-5w1s, it means
        the same protocol on the dataset of this size, as `dataset` does.
    dataset: the dataset to use instead of the protocol's
    way: the number of classes in an episode
    shot, query: the number of images for each class
    seed: the seed that draws the episodes
    n_episodes: the number of episodes; they are the first episodes of the protocol
    disjoint: whether to use episodes that share no image. There are then as many episodes
        as the split allows, unless `n_episodes` is set.
    root: the folder with the built datasets, where users' own datasets are; None for the
        default folder of `data_root`
    Raises DataError if the protocol or the dataset is unknown, or if a value is out of
    range. The error for an unknown name suggests similar names.
    """
    root = data_root(root)
    known = all_protocols(root)
    if name not in known:
        name, of_other_size = _without_size(name)
        dataset = dataset or of_other_size
    protocol = pick("protocol", name, known, see="fewbench protocol list")
    check_episodes(n_episodes)
    if dataset:
        find_dataset(dataset, root)
    changes = {
        "dataset": dataset,
        "split": split,
        "n_way": way,
        "n_shot": shot,
        "n_query": query,
        "seed": seed,
        "n_episodes": n_episodes,
    }
    wanted: dict[str, Any] = {}
    if disjoint:
        wanted = {
            "sampling": "disjoint",
            "interval": "open",
            "n_episodes": ALL_EPISODES,
        }
    for field, value in changes.items():
        if value is not None:
            wanted[field] = value
    try:
        return named_by_changes(replace(protocol, **wanted))
    except ValidationError as error:
        raise DataError(
            f"{name}: cannot be varied like this: {explain(error)}. Choose another value, "
            f"or see the protocol: fewbench protocol show {name}"
        ) from None


def _without_size(name: str) -> tuple[str, str | None]:
    """Return a name of the catalogue, and the dataset of the size in the given name.

    A name that is nothing like miniimagenet@224-5w1s is returned as it is, with None.
    """
    match = _SIZED.fullmatch(name)
    if match is None:
        return name, None
    start, side, end = match.groups()
    protocol = PROTOCOLS.get(start + end)
    if protocol is None:
        return name, None
    return protocol.name, sized_name(protocol.dataset, int(side))

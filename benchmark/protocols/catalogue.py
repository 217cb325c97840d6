"""Every protocol by name. A published protocol is never edited: a change gets a new name."""

from dataclasses import replace

from ...datasets import BUILDERS
from ...datasets.info import DataError
from ...datasets.lookup import pick
from ...reports.records import EvalProtocol
from .papers import LEGACY

# More episodes than any split has without repeating an image. It stands for "as many as there
# are".
ALL_EPISODES = 2**31
MOST_EPISODES = 10**6  # all of them are held in memory
_SHAPES = ((5, 1), (5, 5), (20, 1), (20, 5))
# Whether rotated images are classes of their own. Characters rotated by 90 degrees are, as in
# Snell et al. 2017. A rotated glyph can be another character of its script.
_ROTATIONS = {
    "glyphs": False,
    "omniglot": True,
    "miniimagenet": False,
    "tieredimagenet": False,
}


def _own_protocols() -> dict[str, EvalProtocol]:
    protocols = {}
    for dataset, rotations in _ROTATIONS.items():
        for n_way, n_shot in _SHAPES:
            protocol = EvalProtocol(
                name=f"{dataset}-{n_way}w{n_shot}s",
                dataset=dataset,
                split="test",
                n_way=n_way,
                n_shot=n_shot,
                n_query=15,
                n_episodes=10_000,
                seed=0,
                rotations=rotations,
            )
            protocols[protocol.name] = protocol
    return protocols


# The protocols of fewbench itself.
OWN: dict[str, EvalProtocol] = _own_protocols()
# These and the protocols of papers.
PROTOCOLS: dict[str, EvalProtocol] = OWN | {
    name: preset.protocol for name, preset in LEGACY.items()
}


def check_episodes(n_episodes: int | None) -> None:
    """Raises DataError for more episodes than a result can hold."""
    if n_episodes and n_episodes > MOST_EPISODES:
        raise DataError(
            f"--episodes: expected at most {MOST_EPISODES:,}, which give any mean to 0.1 "
            f"points, got {n_episodes:,}. Type --episodes {MOST_EPISODES}"
        )


def find_protocol(
    name: str,
    *,
    dataset: str | None = None,
    n_episodes: int | None = None,
    disjoint: bool = False,
) -> EvalProtocol:
    """A protocol by name, changed where asked for. Every change shows in its name.

    dataset: another build of the protocol's dataset
    n_episodes: use only the first episodes
    disjoint: episodes that share no image; all that the split has, unless `n_episodes`
        says how many
    Raises DataError for an unknown name, with the nearest ones.
    """
    protocol = pick("protocol", name, PROTOCOLS, see="fewbench protocol list")
    check_episodes(n_episodes)
    if dataset and dataset != protocol.dataset:
        pick("dataset", dataset, BUILDERS, see="fewbench data list")
        protocol = replace(
            protocol, dataset=dataset, name=f"{protocol.name}-on-{dataset}"
        )
    if disjoint:
        protocol = _disjoint(protocol)
    if n_episodes and n_episodes != protocol.n_episodes:
        protocol = replace(
            protocol, n_episodes=n_episodes, name=f"{protocol.name}-{n_episodes}ep"
        )
    return protocol


def _disjoint(protocol: EvalProtocol) -> EvalProtocol:
    return replace(
        protocol,
        name=f"{protocol.name}-disjoint",
        sampling="disjoint",
        # No image is shared, so the interval may speak of new images.
        interval="open",
        n_episodes=ALL_EPISODES,
    )

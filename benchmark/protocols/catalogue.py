"""The catalogue of protocols. A published one is never edited: a change gets a new name."""

from dataclasses import replace

from ...datasets import BUILDERS
from ...datasets.info import DataError
from ...datasets.lookup import pick
from ...reports.records import EvalProtocol
from .papers import LEGACY

# More episodes than any split has without repeating an image: "all that there are".
ALL_EPISODES = 2**31
MOST_EPISODES = 10**6  # all of them are held in memory
_SHAPES = ((5, 1), (5, 5), (20, 1), (20, 5))
# Characters turned by 90 degrees are classes of their own, as in Snell et al. 2017; a turned glyph
# can be another character of its script.
_ROTATIONS = {
    "glyphs": False,
    "omniglot": True,
    "miniimagenet": False,
    "tieredimagenet": False,
}


def _protocol(dataset: str, n_way: int, n_shot: int) -> EvalProtocol:
    return EvalProtocol(
        name=f"{dataset}-{n_way}w{n_shot}s",
        dataset=dataset,
        split="test",
        n_way=n_way,
        n_shot=n_shot,
        n_query=15,
        n_episodes=10_000,
        seed=0,
        rotations=_ROTATIONS[dataset],
    )


# The suite's own.
OWN: dict[str, EvalProtocol] = {
    protocol.name: protocol
    for protocol in (
        _protocol(name, *shape) for name in _ROTATIONS for shape in _SHAPES
    )
}
PROTOCOLS: dict[str, EvalProtocol] = OWN | {
    name: one.protocol for name, one in LEGACY.items()
}


def check_episodes(n_episodes: int | None) -> None:
    """Raises DataError for more episodes than a result can hold."""
    if n_episodes and n_episodes > MOST_EPISODES:
        raise DataError(
            f"--episodes {n_episodes:,}: expected at most {MOST_EPISODES:,}, which tell any mean "
            f"to 0.1 points. Type a smaller number."
        )


def find_protocol(
    name: str,
    *,
    dataset: str | None = None,
    n_episodes: int | None = None,
    disjoint: bool = False,
) -> EvalProtocol:
    """A protocol by name, on another build of its dataset, with its first `n_episodes` only, or
    with disjoint episodes (all that the split has, if `n_episodes` does not say how many).

    Whatever departs from the frozen protocol shows in the name. Raises DataError for an unknown
    name.
    """
    protocol = pick("protocol", name, PROTOCOLS)
    check_episodes(n_episodes)
    if dataset and dataset != protocol.dataset:
        pick("dataset", dataset, BUILDERS)
        protocol = replace(
            protocol, dataset=dataset, name=f"{protocol.name}-on-{dataset}"
        )
    if disjoint:
        # Without shared images the interval may speak of new images.
        protocol = replace(
            protocol,
            name=f"{protocol.name}-disjoint",
            sampling="disjoint",
            interval="open",
            n_episodes=ALL_EPISODES,
        )
    if n_episodes and n_episodes != protocol.n_episodes:
        protocol = replace(
            protocol, n_episodes=n_episodes, name=f"{protocol.name}-{n_episodes}ep"
        )
    return protocol

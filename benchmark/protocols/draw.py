"""Draw the episodes of a protocol from the build at hand."""

from dataclasses import dataclass, replace
from pathlib import Path

from ...datasets import BUILDERS
from ...datasets.disjoint import disjoint_episodes
from ...datasets.episodes import (
    EpisodeBatch,
    EpisodeSpec,
    episodes_fingerprint,
    rotate_classes,
    sample_episodes,
)
from ...datasets.lookup import pick
from ...datasets.root import open_split
from ...datasets.view import ImageView
from ...reports.records import EvalProtocol
from .catalogue import ALL_EPISODES


@dataclass(frozen=True, eq=False)
class Drawn:
    """Episodes, the images that they are drawn from, and the protocol.

    protocol.n_episodes is the number of episodes drawn.
    """

    protocol: EvalProtocol
    view: ImageView
    episodes: EpisodeBatch

    @property
    def fingerprint(self) -> str:
        """The sha256 of the exact episodes."""
        return episodes_fingerprint(self.episodes, protocol_spec(self.protocol))


def draw(protocol: EvalProtocol, root: Path) -> Drawn:
    """All episodes of a protocol.

    Raises DataError when its dataset is not built, or has too few classes or images.
    """
    view = protocol_view(protocol, root)
    if protocol.sampling != "disjoint":
        episodes = draw_stream(protocol, view, 0, protocol.n_episodes)
        return Drawn(protocol, view, episodes)
    wanted = protocol.n_episodes
    if wanted == ALL_EPISODES:
        wanted = None
    spec = protocol_spec(protocol)
    episodes = disjoint_episodes(view, spec, protocol.seed, wanted)
    protocol = replace(protocol, n_episodes=len(episodes))
    return Drawn(protocol, view, episodes)


def draw_stream(
    protocol: EvalProtocol, view: ImageView, start: int, count: int
) -> EpisodeBatch:
    """Episodes `start` to `start + count - 1` of the protocol's stream of independent ones."""
    spec = protocol_spec(protocol)
    seed = protocol.seed
    episodes = sample_episodes(view.class_offsets, spec, seed, start, count)
    if protocol.task_rotations:
        return rotate_classes(episodes, view.n_base_images, seed, start)
    return episodes


def protocol_spec(protocol: EvalProtocol) -> EpisodeSpec:
    """The shape of the protocol's episodes."""
    return EpisodeSpec(protocol.n_way, protocol.n_shot, protocol.n_query)


def protocol_view(protocol: EvalProtocol, root: Path) -> ImageView:
    """The classes and images that the protocol draws from.

    Raises DataError when its dataset is unknown or not built.
    """
    info = pick("dataset", protocol.dataset, BUILDERS, see="fewbench data list")
    store = open_split(info, root, protocol.split)
    return ImageView(
        [store],
        rotations=protocol.rotations,
        task_rotations=protocol.task_rotations,
    )

"""What a protocol says, drawn from the data at hand: its classes and images, and its episodes."""

from dataclasses import dataclass, replace
from pathlib import Path

from ...datasets import BUILDERS
from ...datasets.disjoint import disjoint_episodes
from ...datasets.episodes import (
    EpisodeBatch,
    EpisodeSpec,
    episodes_fingerprint,
    sample_episodes,
    turn_classes,
)
from ...datasets.lookup import pick
from ...datasets.root import open_split
from ...datasets.view import ImageView
from ...reports.records import EvalProtocol
from .catalogue import ALL_EPISODES


@dataclass(frozen=True, eq=False)
class Drawn:
    """Episodes of a view. The protocol tells how many they are."""

    protocol: EvalProtocol
    view: ImageView
    episodes: EpisodeBatch

    @property
    def fingerprint(self) -> str:
        """sha256 of the exact episodes."""
        return episodes_fingerprint(self.episodes, protocol_spec(self.protocol))


def draw(protocol: EvalProtocol, root: Path) -> Drawn:
    """All episodes of a protocol. Raises DataError when its dataset is not built, or has too few
    classes or images."""
    view = protocol_view(protocol, root)
    if protocol.sampling != "disjoint":
        return Drawn(
            protocol, view, draw_stream(protocol, view, 0, protocol.n_episodes)
        )
    wanted = None if protocol.n_episodes == ALL_EPISODES else protocol.n_episodes
    episodes = disjoint_episodes(view, protocol_spec(protocol), protocol.seed, wanted)
    return Drawn(replace(protocol, n_episodes=len(episodes)), view, episodes)


def draw_stream(
    protocol: EvalProtocol, view: ImageView, start: int, count: int
) -> EpisodeBatch:
    """Episodes `start` to `start + count - 1` of the protocol's stream of independent episodes."""
    spec = protocol_spec(protocol)
    episodes = sample_episodes(view.class_offsets, spec, protocol.seed, start, count)
    if protocol.task_rotations:
        return turn_classes(episodes, view.n_base_images, protocol.seed, start)
    return episodes


def protocol_spec(protocol: EvalProtocol) -> EpisodeSpec:
    """The shape of the protocol's episodes."""
    return EpisodeSpec(protocol.n_way, protocol.n_shot, protocol.n_query)


def protocol_view(protocol: EvalProtocol, root: Path) -> ImageView:
    """The classes and images that the protocol draws from. Raises DataError when not built."""
    info = pick("dataset", protocol.dataset, BUILDERS)
    return ImageView(
        [open_split(info, root, protocol.split)],
        rotations=protocol.rotations,
        task_rotations=protocol.task_rotations,
    )

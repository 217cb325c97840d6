"""Open the episodes of a protocol. Any range of them can be drawn directly."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...baselines.evaluation.examiner import few_images
from ...datasets.catalogue import find_dataset
from ...datasets.episodes import EpisodeBatch, episodes_fingerprint
from ...datasets.info import DataError
from ...datasets.root import open_split
from ...datasets.view import ImageView
from ...reports.protocol import EvalProtocol
from .catalogue import check_episodes
from .drawing import draw_disjoint, draw_independent, protocol_spec
from .names import ALL_EPISODES, named_by_changes

# After this number of episodes, `few_images` checks whether half of the split is used.
_EPISODES_PER_LOOK = 1000


@dataclass(frozen=True, eq=False)
class EpisodeStream:
    """A protocol, its images and its episodes.

    listed: the episodes of a fixed list; None if each episode is drawn when it is needed
    """

    protocol: EvalProtocol
    view: ImageView
    listed: EpisodeBatch | None = None

    def __len__(self) -> int:
        return self.protocol.n_episodes

    def range(self, start: int, end: int) -> EpisodeBatch:
        """Return the episodes `start` to `end - 1`."""
        if self.listed is not None:
            return self.listed.range(start, end)
        return draw_independent(self.protocol, self.view, start, end)

    @property
    def episodes(self) -> EpisodeBatch:
        """All episodes of the protocol."""
        return self.range(0, len(self))

    @property
    def fingerprint(self) -> str:
        """The sha256 of all episodes."""
        return episodes_fingerprint(self.episodes, protocol_spec(self.protocol))

    def few_images(self) -> np.ndarray | None:
        """Return the images that the episodes use: bool (n_images,)

        Return None if the episodes use at least half of the images. All images are
        embedded then.
        """
        return few_images(self.view, self._looks())

    def holding(self, episodes: EpisodeBatch) -> "EpisodeStream":
        """Return a stream with only these episodes. The protocol keeps its name."""
        protocol = replace(self.protocol, n_episodes=len(episodes))
        return EpisodeStream(protocol, self.view, episodes)

    def _looks(self) -> Iterator[EpisodeBatch]:
        for start in range(0, len(self), _EPISODES_PER_LOOK):
            yield self.range(start, min(start + _EPISODES_PER_LOOK, len(self)))


def open_stream(protocol: EvalProtocol, root: Path) -> EpisodeStream:
    """Open the episodes of a protocol.

    The protocol gets a name that shows what differs from the catalogue; see
    `named_by_changes`.
    Raises DataError if the dataset is not built, or has too few classes or images. Also
    raises it for the protocol of an episode file, whose episodes cannot be drawn.
    """
    if protocol.sampling == "listed":
        raise DataError(
            f"{protocol.name}: listed episodes come from an episode file, expected the "
            f"sampling independent or disjoint, got listed. Evaluate on the file: "
            f"--episodes FILE"
        )
    protocol = named_by_changes(protocol)
    view = protocol_view(protocol, root)
    if protocol.sampling != "disjoint":
        check_episodes(protocol.n_episodes)
        stream = EpisodeStream(protocol, view)
        # A split with too few images is refused here, before a learner is loaded.
        stream.range(0, 1)
        return stream
    wanted = protocol.n_episodes
    if wanted == ALL_EPISODES:
        wanted = None
    episodes = draw_disjoint(protocol, view, wanted)
    protocol = replace(protocol, n_episodes=len(episodes))
    return EpisodeStream(protocol, view, episodes)


def protocol_view(protocol: EvalProtocol, root: Path) -> ImageView:
    """Return the classes and images from which a protocol draws its episodes.

    root: the folder with the built datasets
    Raises DataError if the dataset of the protocol is unknown or not built.
    """
    return split_view(
        protocol.dataset,
        protocol.split,
        root,
        rotations=protocol.rotations,
        task_rotations=protocol.task_rotations,
    )


def split_view(
    dataset: str,
    split: str,
    root: Path,
    *,
    rotations: bool = False,
    task_rotations: bool = False,
) -> ImageView:
    """Return the classes and images of a split; see `ImageView` for the rotations.

    Raises DataError if the dataset or the split is unknown, or not built.
    """
    info = find_dataset(dataset, root)
    store = open_split(info, root, split)
    return ImageView([store], rotations=rotations, task_rotations=task_rotations)

"""Find the episodes that a user names."""

from dataclasses import replace
from pathlib import Path

from ..datasets.root import data_root
from ..reports.protocol import EvalProtocol
from .protocols.catalogue import find_protocol
from .protocols.episode_images import stream_of_file
from .protocols.episode_reader import read_episodes
from .protocols.names import with_fitting_name
from .protocols.stream import EpisodeStream, open_stream
from .stopping import StopRule

# What can be evaluated on: a protocol or its name, an episode file, or open episodes.
Episodes = str | EvalProtocol | Path | EpisodeStream


def find_episodes(
    episodes: Episodes, root: Path | None = None, stop: StopRule | None = None
) -> EpisodeStream:
    """Return the stream of episodes of a protocol or of an episode file.

    stop: the rule that may stop the evaluation early; the protocol of the stream is then
        the one that `StopRule.protocol` returns
    root: the folder with the built datasets; None for the default folder of `data_root`
    Raises DataError if the dataset is not built, or lacks an image of the file.
    """
    root = data_root(root)
    if isinstance(episodes, Path):
        episodes = stream_of_file(read_episodes(episodes), root)
    if isinstance(episodes, str):
        episodes = find_protocol(episodes, root=root)
    if isinstance(episodes, EvalProtocol):
        episodes = open_stream(episodes, root)
    protocol = with_fitting_name(episodes.protocol)
    episodes = replace(episodes, protocol=protocol)
    if stop is None:
        return episodes
    return replace(episodes, protocol=stop.protocol(protocol))

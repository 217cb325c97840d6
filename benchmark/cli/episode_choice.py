"""Find the episodes that the options of `fewbench evaluate` choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewbench.errors import UserError

from .console import say

if TYPE_CHECKING:
    from ..protocols.stream import EpisodeStream
    from ..stopping import StopRule

# No allowed number of episodes has this many digits. Python refuses to parse numbers
# with thousands of digits.
_DIGITS_OF_MOST = 20


@dataclass(frozen=True)
class EpisodeChoice:
    """The values of the options that choose episodes.

    episodes: the value of --episodes: a number, a path or None
    half_width: the value of --until-half-width, as a fraction
    changes: the changes of the protocols, as arguments of `find_protocol`: name -> value.
        The value None means no change.
    """

    protocols: tuple[str, ...] = ()
    episodes: str | None = None
    half_width: float | None = None
    disjoint: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)

    def open(self, root: Path | None) -> "tuple[list[EpisodeStream], StopRule | None]":
        """Open the episodes, and return them with the rule that may stop an evaluation.

        Raises UserError if the options contradict each other.
        """
        n_episodes, file = number_or_file(self.episodes)
        if file is not None:
            self._refuse_options_beside_file()
            dataset = self.changes.get("dataset")
            return [_open_file(file, self.protocols, dataset, root)], None
        if not self.protocols:
            raise UserError(
                "--protocol: is missing, and --episodes is not a file. Add --protocol "
                "NAME. To see all names: fewbench protocol list"
            )
        stop = None
        if self.half_width is not None:
            stop = _stop_rule(self.half_width, n_episodes)
            n_episodes = None
        return self._open_protocols(n_episodes, stop, root), stop

    def _open_protocols(
        self,
        n_episodes: int | None,
        stop: "StopRule | None",
        root: Path | None,
    ) -> "list[EpisodeStream]":
        from ..episodes import find_episodes
        from ..protocols.catalogue import find_protocol

        # All names are looked up before any episodes are opened, so that a wrong name is
        # reported at once.
        protocols = []
        for name in dict.fromkeys(self.protocols):
            protocol = find_protocol(
                name,
                **self.changes,
                n_episodes=n_episodes,
                disjoint=self.disjoint,
                root=root,
            )
            protocols.append(protocol)
        return [find_episodes(protocol, root, stop) for protocol in protocols]

    def _refuse_options_beside_file(self) -> None:
        given = []
        for name, value in self.changes.items():
            if value is not None and name != "dataset":
                given.append(f"--{name}")
        if self.disjoint:
            given.append("--disjoint")
        if self.half_width is not None:
            given.append("--until-half-width")
        if given:
            raise UserError(
                f"--episodes: the file fixes the episodes. Omit {', '.join(given)}"
            )


def number_or_file(episodes: str | None) -> tuple[int | None, Path | None]:
    """Return the value of --episodes: (number, None) or (None, path).

    Raises UserError if it is neither a number of at least 2 nor an existing file.
    """
    if episodes is None:
        return None, None
    if episodes.isdecimal():
        number = int(episodes[:_DIGITS_OF_MOST])
        if number < 2:
            raise UserError(
                f"--episodes: expected a number of at least 2, got {number}. Type for "
                f"example --episodes 1000"
            )
        return number, None
    path = Path(episodes)
    if not path.is_file():
        raise UserError(
            f"--episodes: '{episodes}' is neither a number nor a file. To write a file "
            f"of episodes: fewbench protocol export NAME --out FILE"
        )
    return None, path


def _stop_rule(half_width: float, most_episodes: int | None) -> "StopRule":
    from ..stopping import MOST_EPISODES, StopRule

    return StopRule(half_width, most_episodes or MOST_EPISODES)


def _open_file(
    file: Path,
    protocols: tuple[str, ...],
    dataset: str | None,
    root: Path | None,
) -> "EpisodeStream":
    from ...datasets.root import data_root
    from ..protocols.episode_images import stream_of_file
    from ..protocols.episode_reader import read_episodes

    listed = read_episodes(file)
    for protocol in protocols:
        if protocol != listed.protocol.name:
            raise UserError(
                f"--protocol: expected {listed.protocol.name}, whose episodes are in "
                f"{file}, got {protocol}. Omit --protocol"
            )
    stream = stream_of_file(listed, data_root(root), dataset)
    if stream.view.fingerprint != listed.data_fingerprint:
        say(
            f"warning: {file} was made from another build of {stream.protocol.dataset} "
            f"than yours. The names of the images are the same, but their pixels or "
            f"their order differ. The result records the hash of your build."
        )
    return stream

"""A protocol that follows a paper, and the facts that the protocols of one paper share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...reports.protocol import EvalProtocol

_EPISODES = (
    "Episodes: the authors' are not repeatable. These are fewbench's stream of seed 0."
)
FIVE_SHOT = (
    "5-shot: the authors' commands are not in the repository. So it is unknown whether they "
    "trained the tested model with 5 shots."
)


@dataclass(frozen=True)
class Preset:
    """A protocol that follows a paper.

    paper: authors, title, venue and code of the paper
    sources: field of the protocol -> where its value was read
    departures: sentences about differences between the protocol and the paper
    """

    protocol: EvalProtocol
    paper: str
    sources: Mapping[str, str]
    departures: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """The facts that all presets of one paper on one dataset share.

    shapes: (n_way, n_shot) of each preset
    fields: fields of EvalProtocol that are the same for all shapes
    by_shape: (n_way, n_shot) -> further fields of EvalProtocol for this shape
    """

    name: str
    dataset: str
    paper: str
    shapes: tuple[tuple[int, int], ...]
    fields: Mapping[str, Any]
    sources: Mapping[str, str]
    departures: tuple[str, ...]
    by_shape: Mapping[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict)

    def presets(self) -> Iterator[Preset]:
        """Yield the protocol for each (n_way, n_shot) in `shapes`, as a `Preset`."""
        for shape in self.shapes:
            n_way, n_shot = shape
            fields = {**self.fields, **self.by_shape.get(shape, {})}
            protocol = EvalProtocol(
                name=f"{self.name}-{self.dataset}-{n_way}w{n_shot}s",
                dataset=self.dataset,
                split="test",
                n_way=n_way,
                n_shot=n_shot,
                seed=0,
                **fields,
            )
            departures = list(self.departures)
            if FIVE_SHOT in departures and n_shot != 5:
                departures.remove(FIVE_SHOT)
            yield Preset(protocol, self.paper, self.sources, (*departures, _EPISODES))

"""All protocols by name: fewbench's own, those that follow papers, those on own images."""

import re
from collections.abc import Iterable
from pathlib import Path

from ...datasets import BUILDERS
from ...datasets.catalogue import added_datasets, dataset_of_fewbench
from ...datasets.info import DatasetInfo, ProtocolDefaults
from ...reports.protocol import EvalProtocol
from .papers import LEGACY


def own_protocols(infos: Iterable[DatasetInfo]) -> dict[str, EvalProtocol]:
    """Return fewbench's own protocols on these datasets, by name.

    A variant of a dataset, which is resized with another filter or to another size, has
    no protocols of its own.
    """
    protocols = {}
    for info in infos:
        if info.variant_of:
            continue
        for n_way, n_shot in info.protocols.shapes:
            if _fits(info, n_way, n_shot):
                protocol = _own_protocol(info, n_way, n_shot)
                protocols[protocol.name] = protocol
    return protocols


def _fits(info: DatasetInfo, n_way: int, n_shot: int) -> bool:
    """Tell whether the test split has enough classes, and enough images of a class.

    Classes of own images differ in their sizes, so --query makes protocols fit them.
    """
    counts = info.splits.get("test")
    if counts is None:
        return False
    n_needed = n_shot + info.protocols.n_query
    has_images = counts.n_images >= n_needed * counts.n_classes
    return counts.n_classes >= n_way and (has_images or info.added)


def _own_protocol(info: DatasetInfo, n_way: int, n_shot: int) -> EvalProtocol:
    return _protocol_on(info.name, info.protocols, n_way, n_shot)


def _protocol_on(
    dataset: str, defaults: ProtocolDefaults, n_way: int, n_shot: int
) -> EvalProtocol:
    return EvalProtocol(
        name=f"{dataset}-{n_way}w{n_shot}s",
        dataset=dataset,
        split="test",
        n_way=n_way,
        n_shot=n_shot,
        n_query=defaults.n_query,
        n_episodes=defaults.n_episodes,
        seed=0,
        rotations=defaults.rotations,
    )


# The protocols of fewbench itself.
OWN: dict[str, EvalProtocol] = own_protocols(BUILDERS.values())
# All protocols: those of fewbench, and those that follow papers.
PROTOCOLS: dict[str, EvalProtocol] = OWN | {
    name: preset.protocol for name, preset in LEGACY.items()
}
# A name such as my-birds-5w1s, of a protocol on a dataset that a user added.
_ON_ADDED = re.compile(r"(.+)-(\d{1,3})w(\d{1,3})s")


def all_protocols(root: Path) -> dict[str, EvalProtocol]:
    """Return all protocols by name, with those on datasets that were added in `root`."""
    return PROTOCOLS | own_protocols(added_datasets(root).values())


def protocol_on_added(name: str) -> EvalProtocol | None:
    """Return the protocol of this name on a dataset that a user added; None if there is none.

    All these protocols differ in their names alone, so the dataset need not be there.
    """
    match = _ON_ADDED.fullmatch(name)
    if match is None:
        return None
    dataset, n_way, n_shot = match.groups()
    if dataset_of_fewbench(dataset) is not None:
        return None
    try:
        return _protocol_on(dataset, ProtocolDefaults(), int(n_way), int(n_shot))
    except ValueError:  # a protocol cannot have this name or these numbers
        return None

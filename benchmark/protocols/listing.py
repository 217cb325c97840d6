"""All protocols by name: those of fewbench itself, and those that follow papers."""

from collections.abc import Iterable

from ...datasets import BUILDERS
from ...datasets.info import DatasetInfo
from ...reports.protocol import EvalProtocol
from .papers import LEGACY


def own_protocols(infos: Iterable[DatasetInfo]) -> dict[str, EvalProtocol]:
    """Return fewbench's own protocols on these datasets, by name.

    A variant of a dataset, which is resized with another filter, has no protocols of its
    own.
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
    """Tell whether the test split has enough classes, and enough images of a class."""
    counts = info.splits.get("test")
    if counts is None:
        return False
    n_needed = n_shot + info.protocols.n_query
    has_images = counts.n_images >= n_needed * counts.n_classes
    return counts.n_classes >= n_way and has_images


def _own_protocol(info: DatasetInfo, n_way: int, n_shot: int) -> EvalProtocol:
    defaults = info.protocols
    return EvalProtocol(
        name=f"{info.name}-{n_way}w{n_shot}s",
        dataset=info.name,
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

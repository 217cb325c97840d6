"""Synthetic results that pass every check of a loaded result.

Their classes and episodes are those of their protocol. Only the predictions are made up.
"""

from typing import Any

import numpy as np

from fewbench.benchmark.protocols.drawing import (
    draw_disjoint,
    draw_independent,
    protocol_spec,
)
from fewbench.benchmark.protocols.names import named_by_changes
from fewbench.datasets import BUILDERS
from fewbench.datasets.class_layout import ClassLayout
from fewbench.datasets.episodes import episodes_fingerprint
from fewbench.datasets.info import Request
from fewbench.datasets.view import ROTATIONS
from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.records import RunResult

from .made_results import build_result


def build_honest(accuracy: float = 0.9, rng_seed: int = 0, **changes: Any) -> RunResult:
    """`build_result` on real episodes, with a name that says what differs."""
    plain = {name: value for name, value in changes.items() if name != "class_names"}
    protocol = named_by_changes(build_result(accuracy, rng_seed, **plain).protocol)
    layout = made_layout(protocol)
    if protocol.sampling == "disjoint":
        episodes = draw_disjoint(protocol, layout, protocol.n_episodes)
    else:
        episodes = draw_independent(protocol, layout, 0, protocol.n_episodes)
    reference = BUILDERS[protocol.dataset].reference_sha256
    fields = {
        "data_fingerprint": reference.get(protocol.split, "ab" * 32),
        "episodes_fingerprint": episodes_fingerprint(episodes, protocol_spec(protocol)),
        "classes": episodes.classes.astype(np.uint16),
        "class_names": made_names(protocol),
        "class_sizes": layout.sizes.astype(np.int32),
    }
    return build_result(
        accuracy, rng_seed, **(fields | changes | {"name": protocol.name})
    )


def made_layout(protocol: EvalProtocol) -> ClassLayout:
    """The classes of a complete split, as equal in size as can be."""
    counts = BUILDERS[protocol.dataset].splits[protocol.split]
    sizes = np.full(counts.n_classes, counts.n_images // counts.n_classes)
    sizes[: counts.n_images - sizes.sum()] += 1
    if protocol.rotations:
        sizes = np.tile(sizes, len(ROTATIONS))
    return ClassLayout(sizes, protocol.rotations, protocol.task_rotations)


def made_names(protocol: EvalProtocol) -> np.ndarray:
    """The names of the classes: those of a build, as the result may meet one."""
    info = BUILDERS[protocol.dataset]
    if info.embedded:
        names = [one.name for one in info.list_classes(Request()).of(protocol.split)]
    else:
        assert info.class_list is not None
        split_of = info.class_list()
        names = [name for name, split in split_of.items() if split == protocol.split]
    if protocol.rotations:
        names = [f"{name}/rot{angle:03d}" for angle in ROTATIONS for name in names]
    return np.array(names)

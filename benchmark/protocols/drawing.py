"""Draw the episodes of a protocol from the classes of a split.

An evaluation draws from images (`ImageView`). The check of a result draws from the class
sizes alone (`ClassLayout`). Both call the same functions.
"""

from ...datasets.class_layout import ClassLayout
from ...datasets.disjoint import disjoint_episodes
from ...datasets.episodes import (
    EpisodeBatch,
    EpisodeSpec,
    rotate_classes,
    sample_episodes,
)
from ...datasets.view import ImageView
from ...reports.protocol import EvalProtocol

Classes = ImageView | ClassLayout


def protocol_spec(protocol: EvalProtocol) -> EpisodeSpec:
    """Return the shape of a protocol's episodes."""
    return EpisodeSpec(protocol.n_way, protocol.n_shot, protocol.n_query)


def draw_independent(
    protocol: EvalProtocol,
    classes: Classes,
    start: int,
    end: int,
) -> EpisodeBatch:
    """Draw the episodes `start` to `end - 1` of a protocol with independent episodes.

    Raises DataError if there are too few classes, or if a class has too few images.
    """
    spec = protocol_spec(protocol)
    offsets = classes.class_offsets
    episodes = sample_episodes(offsets, spec, protocol.seed, start, end - start)
    if protocol.task_rotations:
        n_base_images = classes.n_base_images
        return rotate_classes(episodes, n_base_images, protocol.seed, start)
    return episodes


def draw_disjoint(
    protocol: EvalProtocol,
    classes: Classes,
    count: int | None = None,
) -> EpisodeBatch:
    """Draw the first `count` episodes of a protocol whose episodes share no image.

    count: None for as many episodes as the classes allow
    Raises DataError if there are too few classes or images.
    """
    spec = protocol_spec(protocol)
    return disjoint_episodes(classes, spec, protocol.seed, count)

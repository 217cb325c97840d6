"""Check the name of a result's protocol, and its episodes."""

import numpy as np

from ...datasets.info import DataError
from ...reports.records import RunResult
from ..protocols.catalogue import MOST_EPISODES
from ..protocols.names import base_name, name_of_settings
from ..protocols.rebuild import (
    RebuiltEpisodes,
    classes_digest,
    draw_classes,
    rebuild_episodes,
)
from .checks import Check, failed, not_possible, passed

_NAME = "the name of the protocol"
_EPISODES = "the episodes"
_CLASSES = "the classes of the episodes"
# More images than the largest dataset has, and more than the longest evaluation needs. A
# hostile result could ask for so many that they fill the memory, or take days.
_MOST_IMAGES = 20_000_000
_MOST_DRAWN = 1_000_000_000


def check_name(result: RunResult) -> Check:
    """Check that the protocol's name says what differs from the catalogue."""
    protocol = result.protocol
    base = base_name(protocol)
    if base is None:
        return not_possible(_NAME, f"{protocol.name} is not a name of the catalogue")
    required = name_of_settings(protocol)
    if required is None:
        return not_possible(_NAME, "it may be shortened, because it is long")
    if required != protocol.name:
        return failed(_NAME, f"{required}, which fits the settings", protocol.name)
    if base == protocol.name:
        return passed(_NAME, "all settings are those of the catalogue")
    return passed(_NAME, f"it says all that differs from {base}")


def check_episodes(result: RunResult) -> list[Check]:
    """Draw the episodes again, and compare their fingerprint and their classes."""
    protocol = result.protocol
    if protocol.sampling == "listed":
        reason = "they come from an episode file, which the result does not hold"
        return [not_possible(_EPISODES, reason), not_possible(_CLASSES, reason)]
    if protocol.n_episodes > MOST_EPISODES:
        most = f"at most {MOST_EPISODES:,} episodes"
        return [failed(_EPISODES, most, f"{protocol.n_episodes:,}")]
    n_images = int(result.class_sizes.sum(dtype=np.int64))
    if n_images > _MOST_IMAGES:
        most = f"a split of at most {_MOST_IMAGES:,} images"
        return [failed(_EPISODES, most, f"{n_images:,}")]
    n_in_episode = protocol.n_way * (protocol.n_shot + protocol.n_query)
    n_drawn = protocol.n_episodes * n_in_episode
    if n_drawn > _MOST_DRAWN:
        most = f"at most {_MOST_DRAWN:,} images in all episodes together"
        return [failed(_EPISODES, most, f"{n_drawn:,}")]
    try:
        rebuilt = rebuild_episodes(result)
    except DataError as error:
        return [
            failed(_EPISODES, f"class sizes that allow {protocol.name}", str(error))
        ]
    return [
        _check_fingerprint(result, rebuilt),
        _check_classes(result, rebuilt),
        *_check_number(result, rebuilt),
    ]


def _check_fingerprint(result: RunResult, rebuilt: RebuiltEpisodes) -> Check:
    found = result.episodes_fingerprint
    if found != rebuilt.fingerprint:
        expected = f"the fingerprint {rebuilt.fingerprint} of the protocol's episodes"
        return failed(_EPISODES, expected, found)
    n_episodes = f"{result.protocol.n_episodes:,}"
    return passed(_EPISODES, f"{n_episodes} drawn again, with the same fingerprint")


def _check_classes(result: RunResult, rebuilt: RebuiltEpisodes) -> Check:
    if classes_digest(result.classes) == rebuilt.classes_sha256:
        return passed(_CLASSES, "drawn again, with the same classes in the same order")
    drawn = draw_classes(result)
    differs = (drawn != result.classes).any(axis=1)
    first = int(np.flatnonzero(differs)[0])
    return failed(
        _CLASSES,
        f"{_numbers(drawn[first])} in episode {first}",
        f"{_numbers(result.classes[first])}, and others in {differs.sum():,} episodes",
    )


def _check_number(result: RunResult, rebuilt: RebuiltEpisodes) -> list[Check]:
    """Check that the name says it if there could be more disjoint episodes."""
    protocol = result.protocol
    if rebuilt.most is None:
        return []
    says_number = protocol.name.endswith(f"-{protocol.n_episodes}ep")
    is_all = protocol.n_episodes == rebuilt.most
    if is_all or says_number or base_name(protocol) is None:
        return [passed("disjoint episodes", "no image is in two episodes")]
    most = f"{rebuilt.most:,} episodes, as many as share no image"
    return [failed("disjoint episodes", most, f"{protocol.n_episodes:,}")]


def _numbers(classes: np.ndarray) -> str:
    shown = " ".join(map(str, classes[:5]))
    return f"{shown} …" if len(classes) > 5 else shown

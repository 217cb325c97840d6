"""Draw the episodes of a result again, from its protocol and its class sizes alone."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...datasets.class_layout import ClassLayout
from ...datasets.episodes import EpisodeBatch
from ...datasets.info import DataError
from ...reports.protocol import EvalProtocol
from ...reports.records import RunResult
from .drawing import draw_disjoint, draw_independent

# Results of one process seldom have more distinct episodes. An entry takes 1 kB.
_MOST_REBUILT = 1024
# Episodes are drawn in parts of about this many image indices: 128 MiB.
_INDICES_PER_PART = 1 << 24


@dataclass(frozen=True)
class RebuiltEpisodes:
    """What can be derived from the episodes of a result.

    fingerprint: the sha256 of the episodes, as in `episodes_fingerprint`
    classes_sha256: the sha256 of their classes, as in `classes_digest`
    n_used, n_images: the number of images that the episodes use, and of all images in
        the split
    most: the largest possible number of episodes, if they share no image
    """

    fingerprint: str
    classes_sha256: str
    n_used: int
    n_images: int
    most: int | None = None


def rebuild_episodes(result: RunResult) -> RebuiltEpisodes:
    """Draw the episodes of a result again. Equal episodes are drawn only once.

    Raises DataError if the class sizes of the result do not allow its protocol, or if
    its episodes come from a file and cannot be drawn.
    """
    sizes = np.ascontiguousarray(result.class_sizes, "<i4")
    return _rebuilt(_Episodes.of(result.protocol), sizes.tobytes())


def classes_digest(classes: np.ndarray) -> str:
    """Return the sha256 of the classes of episodes, uint16 (n_episodes, n_way)."""
    values = np.ascontiguousarray(classes, "<u2")
    return hashlib.sha256(values.data).hexdigest()


def draw_classes(result: RunResult) -> np.ndarray:
    """Draw the classes of a result's episodes again: int64 (n_episodes, n_way)

    Raises DataError as `rebuild_episodes` does.
    """
    layout = _layout(result.protocol, result.class_sizes)
    parts = [part.classes for part in _parts(result.protocol, layout)]
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Episodes:
    """The settings of a protocol that decide its episodes, as a key.

    The protocol itself is not part of the key, since protocols with other names may have
    the same episodes.
    """

    n_way: int
    n_shot: int
    n_query: int
    n_episodes: int
    seed: int
    rotations: bool
    task_rotations: bool
    sampling: str

    @classmethod
    def of(cls, protocol: EvalProtocol) -> "_Episodes":
        names = cls.__dataclass_fields__
        return cls(**{name: getattr(protocol, name) for name in names})

    @property
    def protocol(self) -> EvalProtocol:
        settings = vars(self)
        return EvalProtocol(name="any", dataset="any", split="any", **settings)


@lru_cache(_MOST_REBUILT)
def _rebuilt(episodes: _Episodes, sizes: bytes) -> RebuiltEpisodes:
    protocol = episodes.protocol
    layout = _layout(protocol, np.frombuffer(sizes, "<i4"))
    most = None
    if protocol.sampling == "disjoint":
        most = len(draw_disjoint(protocol, layout))
        if protocol.n_episodes > most:
            raise DataError(
                f"expected at most {most:,} episodes, because there are no more that "
                f"share no image, got {protocol.n_episodes:,}"
            )
    return _describe(protocol, layout, most)


def _layout(protocol: EvalProtocol, sizes: np.ndarray) -> ClassLayout:
    if protocol.sampling == "listed":
        raise DataError("the episodes come from a file, so they cannot be drawn again")
    return ClassLayout(
        sizes=sizes.astype(np.int64),
        rotations=protocol.rotations,
        task_rotations=protocol.task_rotations,
    )


def _describe(
    protocol: EvalProtocol,
    layout: ClassLayout,
    most: int | None,
) -> RebuiltEpisodes:
    """Hash all episodes in parts.

    A fingerprint is of all classes, then of all support images, then of all query images.
    So there is a pass over the episodes for each of the three, unless they are one part.
    """
    shape = (protocol.n_episodes, protocol.n_way, protocol.n_shot, protocol.n_query)
    fingerprint = hashlib.sha256(json.dumps(shape).encode())
    classes = hashlib.sha256()
    used = np.zeros(layout.n_images, bool)
    drawn = list(_parts(protocol, layout)) if _is_one_part(protocol) else None
    for name in ("classes", "support", "query"):
        for part in drawn or _parts(protocol, layout):
            indices = getattr(part, name)
            values = np.ascontiguousarray(indices, "<i8")
            fingerprint.update(values.data)
            if name == "classes":
                labels = np.ascontiguousarray(indices, "<u2")
                classes.update(labels.data)
            else:
                used[indices] = True
    return RebuiltEpisodes(
        fingerprint=fingerprint.hexdigest(),
        classes_sha256=classes.hexdigest(),
        n_used=int(np.count_nonzero(used)),
        n_images=layout.n_images,
        most=most,
    )


def _parts(protocol: EvalProtocol, layout: ClassLayout) -> Iterator[EpisodeBatch]:
    n_episodes = protocol.n_episodes
    if protocol.sampling == "disjoint":
        yield draw_disjoint(protocol, layout, n_episodes)
        return
    step = max(1, _INDICES_PER_PART // _indices_of_episode(protocol))
    for start in range(0, n_episodes, step):
        yield draw_independent(protocol, layout, start, min(start + step, n_episodes))


def _is_one_part(protocol: EvalProtocol) -> bool:
    n_indices = protocol.n_episodes * _indices_of_episode(protocol)
    return protocol.sampling == "disjoint" or n_indices <= _INDICES_PER_PART


def _indices_of_episode(protocol: EvalProtocol) -> int:
    return protocol.n_way * (protocol.n_shot + protocol.n_query)

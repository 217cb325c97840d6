"""Other episodes or images than the protocol's, unnoticed.

A result then records the fingerprints of the right episodes and images, as if the mistake
were made after these had been computed.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fewbench.benchmark.protocols.stream import EpisodeStream
from fewbench.datasets.episodes import EpisodeBatch
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView


class UnnoticedView(ImageView):
    """The images of another view, under the fingerprint of the right one.

    taken: the view with the images
    moved: int64 (n_images,) the image of `taken` in place of each image
    """

    def __init__(self, right: ImageView, taken: ImageView, moved: np.ndarray) -> None:
        super().__init__(right.stores, rotations=right.rotations)
        self._taken = taken
        self._moved = moved

    def images(self, indices: np.ndarray) -> np.ndarray:
        return self._taken.images(self._moved[indices])


class LeakingStream(EpisodeStream):
    """Episodes with a support image of each class among its queries."""

    def range(self, start: int, end: int) -> EpisodeBatch:
        right = super().range(start, end)
        query = right.query.copy()
        query[:, :, 0] = right.support[:, :, 0]
        return EpisodeBatch(right.classes, right.support, query)

    def holding(self, episodes: EpisodeBatch) -> EpisodeStream:
        assert len(episodes) == len(self), "all episodes were answered"
        return self

    @property
    def fingerprint(self) -> str:
        return EpisodeStream(self.protocol, self.view).fingerprint


def leaking(stream: EpisodeStream) -> EpisodeStream:
    return LeakingStream(stream.protocol, stream.view)


def mislabelled(stream: EpisodeStream) -> EpisodeStream:
    """Exchange half the images of the first class with those of the second."""
    view = stream.view
    first, second, _ = view.class_offsets[:3]
    half = (second - first) // 2
    moved = np.arange(len(view))
    moved[first : first + half] += second - first
    moved[second : second + half] -= second - first
    return replace(stream, view=UnnoticedView(view, view, moved))


def from_build(stream: EpisodeStream, build: Path) -> EpisodeStream:
    """Take the images from another build, under its own fingerprint."""
    return replace(stream, view=_view_of(build, stream))


def from_build_unnoticed(stream: EpisodeStream, build: Path) -> EpisodeStream:
    """Take the images from another build of the same files."""
    other = _view_of(build, stream)
    view = UnnoticedView(stream.view, other, np.arange(len(other)))
    return replace(stream, view=view)


def _view_of(build: Path, stream: EpisodeStream) -> ImageView:
    """Open the split of a protocol in the folder of a built dataset."""
    store = SplitStore(build / f"{stream.protocol.split}.h5")
    return ImageView([store], rotations=stream.view.rotations)

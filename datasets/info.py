"""What a dataset is: frozen records that builders fill and every other room reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


class DataError(ValueError):
    """Something about data that the user can mend; the text says what, where and how."""


@dataclass(frozen=True)
class Source:
    """One file that a dataset is built from, with the addresses that serve it."""

    filename: str
    urls: tuple[str, ...] = ()
    md5: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class ClassImages:
    """One class of one split: names now, pixels when `read` is called.

    read() -> uint8 (len(image_names), H, W, C)
    """

    split: str
    name: str
    image_names: tuple[str, ...]
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Listing:
    """All classes found in a source, and one sentence for each thing that was checked."""

    classes: tuple[ClassImages, ...]
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitCounts:
    """How many classes and images a complete split has."""

    n_classes: int
    n_images: int


@dataclass(frozen=True)
class DatasetInfo:
    """The card of a dataset. `list_classes(source)` lists what a source folder holds."""

    name: str
    title: str
    image_shape: tuple[int, int, int]
    splits: Mapping[str, SplitCounts]
    split_scheme: str
    resampling: str
    polarity: str
    licence: str
    citation: str
    list_classes: Callable[[Path | None], Listing]
    sources: tuple[Source, ...] = ()
    reference_sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def embedded(self) -> bool:
        """Whether the pixels come with fewbench, so that no source is needed."""
        return not self.sources

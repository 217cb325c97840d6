"""What a dataset is: frozen records that builders fill and every other room reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fewbench.errors import UserError


class DataError(UserError):
    """Something about data that the user can mend; the text says what, where and how."""


@dataclass(frozen=True)
class Source:
    """One file that a dataset is built from, with the addresses that serve it.

    record: address of a Zenodo record's JSON, which tells the size and md5 of the file
    by_hand: a sentence of where a person finds the file
    """

    filename: str
    urls: tuple[str, ...] = ()
    md5: str | None = None
    size: int | None = None
    record: str | None = None
    by_hand: str = ""


@dataclass(frozen=True)
class Request:
    """What a build may use: a source, if any, and how far it may depart from the complete data.

    scratch: folder for temporary files, which may become as large as the source
    """

    source: Path | None = None
    allow_missing: bool = False
    offline: bool = False
    scratch: Path | None = None


@dataclass(frozen=True)
class ClassImages:
    """One class of one split: names now, pixels when `read` is called.

    read() -> uint8 (len(image_names), H, W, C)
    """

    split: str
    name: str
    image_names: tuple[str, ...]
    read: Callable[[], np.ndarray]
    category: str = ""


@dataclass(frozen=True)
class Listing:
    """All classes found in a source, and one sentence for each thing that was checked.

    resampling: what made the pixels, when the source and not the build decides it
    stamp: changes when the source does, so that a build is never continued from another one
    """

    classes: tuple[ClassImages, ...]
    checks: tuple[str, ...] = ()
    form: str = ""
    resampling: str = ""
    stamp: str = ""
    partial: bool = False

    def of(self, split: str) -> list[ClassImages]:
        """The classes of one split, in the order of a store."""
        return sorted(
            (c for c in self.classes if c.split == split), key=lambda one: one.name
        )


@dataclass(frozen=True)
class SplitCounts:
    """How many classes and images a complete split has."""

    n_classes: int
    n_images: int


@dataclass(frozen=True)
class DatasetInfo:
    """The card of a dataset. `list_classes(request)` lists what a source holds."""

    name: str
    title: str
    image_shape: tuple[int, int, int]
    splits: Mapping[str, SplitCounts]
    split_scheme: str
    resampling: str
    polarity: str
    licence: str
    citation: str
    list_classes: Callable[[Request], Listing]
    sources: tuple[Source, ...] = ()
    forms: tuple[str, ...] = ()  # in which the data may come, for people
    reference_sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def embedded(self) -> bool:
        """Whether the pixels come with fewbench, so that no source is needed."""
        return not self.sources

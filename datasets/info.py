"""What a dataset is: frozen records that builders fill and all other modules read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fewbench.errors import UserError


class DataError(UserError):
    """Something about data that the user can correct. The text says what, where and how."""


@dataclass(frozen=True)
class Source:
    """One file that a dataset is built from, and the addresses that serve it.

    record: address of a Zenodo record's JSON, which has the size and md5 of the file
    by_hand: one sentence that says where a person finds the file
    """

    filename: str
    urls: tuple[str, ...] = ()
    md5: str | None = None
    size: int | None = None
    record: str | None = None
    by_hand: str = ""


@dataclass(frozen=True)
class Request:
    """What a build may use, and whether incomplete data are accepted.

    source: folder or file with the data; None: download it
    scratch: folder for temporary files; together they can be as large as the source
    """

    source: Path | None = None
    allow_missing: bool = False
    offline: bool = False
    scratch: Path | None = None


@dataclass(frozen=True)
class ClassImages:
    """One class of one split: its names, and a function that reads its pixels later.

    read() -> uint8 (len(image_names), H, W, C)
    """

    split: str
    name: str
    image_names: tuple[str, ...]
    read: Callable[[], np.ndarray]
    category: str = ""


@dataclass(frozen=True)
class Listing:
    """All classes found in a source.

    checks: one sentence for each thing that was checked
    layout: how the data lies in the source, in a few words
    resampling: what made the pixels, if the source decides it and not the build
    stamp: changes when the source does, so that a build only resumes with the same source
    partial: whether the classes are known to be incomplete
    """

    classes: tuple[ClassImages, ...]
    checks: tuple[str, ...] = ()
    layout: str = ""
    resampling: str = ""
    stamp: str = ""
    partial: bool = False

    def of(self, split: str) -> list[ClassImages]:
        """The classes of one split, in the order of a store: by name."""
        classes = [one for one in self.classes if one.split == split]
        return sorted(classes, key=lambda one: one.name)


@dataclass(frozen=True)
class SplitCounts:
    """How many classes and images a complete split has."""

    n_classes: int
    n_images: int


@dataclass(frozen=True)
class DatasetInfo:
    """The facts of a dataset, and how to list what a source holds of it.

    image_shape: (H, W, C)
    list_classes: lists the classes in the source of a request; raises DataError
    sources: the files to download; none when the pixels come with fewbench
    layouts: the layouts that the data may have, in words for people
    reference_sha256: split -> content hash of a complete build
    """

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
    layouts: tuple[str, ...] = ()
    reference_sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def embedded(self) -> bool:
        """Whether the pixels come with fewbench, so that no source is needed."""
        return not self.sources

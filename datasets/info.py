"""Records that describe datasets, their source files and the classes found in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fewbench.errors import UserError

from .identity import Found, Identity


class DataError(UserError):
    """An error in data that the user can correct.

    The text says what is wrong, where it is and how to correct it.
    """


@dataclass(frozen=True)
class Source:
    """One file that a dataset is built from, and the addresses to download it from.

    urls: the addresses, in the order in which they are tried
    md5, size: the official checksum and the size in bytes; None if unknown here
    most_bytes: a download of more bytes is refused; far more than the file can have
    record: address of a Zenodo record (a JSON document) that states the size and md5
    by_hand: words for a message that say how a person can get the file
    """

    filename: str
    urls: tuple[str, ...] = ()
    md5: str | None = None
    size: int | None = None
    most_bytes: int = 2**36
    record: str | None = None
    by_hand: str = ""


@dataclass(frozen=True)
class Request:
    """The source files that a build may use, and the conditions for the build.

    source: folder or file with the data; None to download the data
    allow_missing: whether incomplete data is accepted
    offline: whether downloads are forbidden
    scratch: folder for temporary files, which can be as large as the source in total;
        None for the system's folder
    """

    source: Path | None = None
    allow_missing: bool = False
    offline: bool = False
    scratch: Path | None = None


@dataclass(frozen=True)
class ClassImages:
    """One class of a split: its names, and a function that reads its pixels later.

    read: read() returns uint8 (len(image_names), H, W, C)
    category: the category of the class; empty if the dataset has no categories
    """

    split: str
    name: str
    image_names: tuple[str, ...]
    read: Callable[[], np.ndarray]
    category: str = ""


@dataclass(frozen=True)
class Listing:
    """All classes found in a source.

    checks: a sentence for each check of the source, with its result
    layout: the arrangement of the data in the source, in a few words
    resampling: the filter that resized the images; empty if the build decides it
    stamp: text that changes if the source changes, so that a build resumes only with
        the same source
    stamp_now: returns the stamp of the source at another time, so that a source that
        changes while it is read is noticed; None if nothing more is read from it
    partial: whether classes or images are known to be missing
    """

    classes: tuple[ClassImages, ...]
    checks: tuple[str, ...] = ()
    layout: str = ""
    resampling: str = ""
    stamp: str = ""
    stamp_now: Callable[[], str] | None = None
    partial: bool = False

    def of(self, split: str) -> list[ClassImages]:
        """Return the classes of a split, sorted by name as in the stored file."""
        classes = [one for one in self.classes if one.split == split]
        return sorted(classes, key=lambda one: one.name)


@dataclass(frozen=True)
class SplitCounts:
    """The number of classes and images in a complete split."""

    n_classes: int
    n_images: int


@dataclass(frozen=True)
class ProtocolDefaults:
    """The protocols that a dataset has: `<dataset>-<way>w<shot>s` for every shape.

    shapes: pairs (way, shot); a shape is left out if the test split is too small for it
    n_query: query images of each class
    rotations: whether an image rotated by 90 degrees belongs to another class
    """

    shapes: tuple[tuple[int, int], ...] = ((5, 1), (5, 5), (20, 1), (20, 5))
    n_query: int = 15
    n_episodes: int = 10_000
    rotations: bool = False


@dataclass(frozen=True)
class ExportNames:
    """The names that other few-shot code expects when a dataset is exported.

    cache: the start of the file name of a cache pickle; empty for the dataset's name
    torchmeta: a function that returns class name -> its name in torchmeta's HDF5 file;
        given only if torchmeta keeps the images of this dataset as PNGs
    """

    cache: str = ""
    torchmeta: Callable[[], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Originals:
    """The images of a dataset before they were resized, for builds of other sizes.

    sources: the files to download that hold them
    layouts: a description of each arrangement of such files that can be read
    largest: the largest height and width of a build, in pixels
    why: why builds cannot be larger, in a few words
    """

    sources: tuple[Source, ...]
    layouts: tuple[str, ...]
    largest: int
    why: str


@dataclass(frozen=True)
class DatasetInfo:
    """The facts about a dataset, and the function that finds its classes in a source.

    image_shape: (H, W, C)
    splits: split name -> its number of classes and images
    split_scheme: the name of the published list of splits
    resampling: the filter that resizes the images
    polarity: the meaning of pixel values, such as "RGB" or "ink 255 on 0"
    list_classes: returns the classes in the source of a request; raises DataError. With
        `originals`, it takes the keyword `side`, the height and width of the images.
    sources: the files to download; empty if the pixels come with fewbench
    layouts: a description of each arrangement of source files that can be read
    reference_sha256: split -> content hash of a complete build
    variant_of: the dataset that this dataset differs from only in the resizing filter
        or in the size of the images; empty if there is none
    recognise: returns the `Identity` of a file, or of all images of a source; returns
        None if they have nothing to do with this dataset
    class_list: a function that returns class name -> split, as published; None if the
        classes are not published as a list
    published_split: the value in the column `split` of published.csv that means the
        class split of this dataset
    added: whether a user made it of own images, so that nobody else knows it
    check_files: looks at the finished split files in a folder, before the manifest is
        written; returns sentences with what it found
    originals: the images to build other sizes from; None if there are none
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
    list_classes: Callable[..., Listing]
    sources: tuple[Source, ...] = ()
    layouts: tuple[str, ...] = ()
    reference_sha256: Mapping[str, str] = field(default_factory=dict)
    variant_of: str = ""
    recognise: Callable[[Found], Identity | None] | None = None
    class_list: Callable[[], Mapping[str, str]] | None = None
    protocols: ProtocolDefaults = ProtocolDefaults()
    published_split: str = ""
    export: ExportNames = ExportNames()
    added: bool = False
    check_files: Callable[[Path], Sequence[str]] | None = None
    originals: Originals | None = None

    @property
    def base(self) -> str:
        """The dataset of which this is a variant; its own name if it is no variant."""
        return self.variant_of or self.name

    @property
    def embedded(self) -> bool:
        """Whether the pixels come with fewbench, so that no source is needed."""
        return not self.sources and not self.added

"""Find the layout of a source, and list the classes in it."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fewbench.documents import shown

from ..images.load import read_images
from ..images.resample import RESAMPLING
from ..info import ClassImages, DataError, DatasetInfo, Listing, Originals
from ..sizes import sized_name
from .ilsvrc import ILSVRC2012, ClassFiles
from .pixels import Shape, already_small, image_sizes
from .source_files import SourceFiles

# Every split built from such a source stores these words, so they never change.
SMALL = "none: the source has the final size already (the first picture of each class)"
_UNKNOWN = "a filter that is not known"


@dataclass(frozen=True)
class Search:
    """A source, and the dataset that a build wants from it.

    shape: (H, W, C) of the images in the dataset
    resampling: the filter that the build asks for
    published: the filter that resized the images which the dataset's authors published
    allow_missing: whether incomplete data is accepted
    usual_side: the height and width of these published images; None for those in `shape`
    """

    files: SourceFiles
    dataset: str
    shape: Shape
    resampling: str
    published: str
    allow_missing: bool
    usual_side: int | None = None

    @property
    def is_other_size(self) -> bool:
        """Whether the build has another size than the published images."""
        return self.usual_side not in (None, self.shape[0])

    @property
    def name(self) -> str:
        """The name of the build, without its filter."""
        if self.is_other_size:
            return sized_name(self.dataset, self.shape[0])
        return self.dataset

    @property
    def label(self) -> str:
        """The path of the source, for messages."""
        return self.files.tree.label

    def finished(self, classes: Sequence[ClassImages], layout: str) -> Listing:
        """Return a listing of images that are stored at their final size.

        layout: the arrangement of the data in the source, in a few words
        Raises DataError if these images were resized by another filter than the build
        asks for.
        """
        recorded = self.files.resampling
        self._check_filter(layout, recorded or self.published)
        made_by = recorded or f"{self.published}, by the publisher"
        return Listing(tuple(classes), layout=layout, resampling=made_by)

    def resized(
        self, classes: Sequence[ClassImages], layout: str, small: bool
    ) -> Listing:
        """Return a listing of image files.

        layout: the arrangement of the data in the source, in a few words
        small: whether the files already have the final size, so they are not resized
        Raises DataError if small files were resized by another filter than the build
        asks for.
        """
        made_by = self.resampling
        if small:
            recorded = self.files.resampling
            assumed = _UNKNOWN if self.is_other_size else self.published
            self._check_filter(layout, recorded or assumed)
            made_by = recorded or SMALL
        return Listing(tuple(classes), layout=layout, resampling=made_by)

    def class_images(
        self,
        split: str,
        files: ClassFiles,
        positions: Sequence[int],
        names: Sequence[str],
    ) -> ClassImages:
        """Return one class whose images are in files.

        positions: the positions in `files` of the images to use
        names: the names of these images
        """
        members = [files.members[k] for k in positions]
        read = partial(
            read_images,
            files.tree,
            members,
            self.shape,
            self.resampling,
        )
        return ClassImages(split, files.wnid, tuple(names), read)

    def small(self, found: Mapping[str, ClassFiles]) -> bool:
        """Return whether the first image of every class has the final size.

        found: wnid (WordNet ID of the class) -> its image files
        Raises DataError if the build has another size than the published images, and the
        files are no originals to make it from.
        """
        first_images = []
        for files in found.values():
            first_images.append((files.tree, files.members[0]))
        is_small = already_small(first_images, self.shape)
        if self.is_other_size and not is_small:
            self._check_originals(image_sizes(first_images))
        return is_small

    def _check_originals(self, sizes: Sequence[tuple[int, int]]) -> None:
        """Raise DataError if images are too small to be made to the size of the build.

        sizes: (width, height) of some images
        """
        side = self.shape[0]
        n_large = sum(max(size) >= side for size in sizes)
        are_published = set(sizes) == {(self.usual_side, self.usual_side)}
        if n_large >= len(sizes) / 2 and not are_published:
            return
        width, height = min(sizes)
        raise DataError(
            f"{self.label}: cannot make images of {side} x {side} pixels: expected the "
            f"original images, got others, such as one of {width} x {height} pixels. "
            f"{self._use_originals}"
        )

    @property
    def _use_originals(self) -> str:
        """A sentence with the command that builds from the original images."""
        command = f"fewbench data build {self.name}"
        if self.resampling != self.published:
            command += f" --resampling {self.resampling}"
        return (
            f"Build it from ILSVRC2012's training set: {command} --source "
            f"ILSVRC2012_img_train"
        )

    def _check_filter(self, layout: str, made_by: str) -> None:
        """Raise DataError if another filter resized the images than the build asks for.

        made_by: the filter that resized the images, or words that start with it
        """
        filter_name = made_by.partition(",")[0]
        if filter_name not in RESAMPLING:
            filter_name = self.published
        if self.resampling != filter_name:
            raise DataError(
                f"{self.label}: holds images that were already resized ({layout}; "
                f"{made_by}), so they cannot be resampled by {self.resampling}. "
                f"Build with --resampling {filter_name}, or use the original images: "
                f"fewbench data build {self.name} --resampling {self.resampling} "
                f"--source ILSVRC2012_img_train"
            )


def originals_in(layouts: tuple[str, ...]) -> Originals:
    """Return the original images of a dataset that was made from ILSVRC2012.

    layouts: a description of each layout that has images at full size
    """
    return Originals(
        sources=(ILSVRC2012,),
        layouts=layouts,
        largest=500,
        why="few of ILSVRC2012's images are larger",
    )


def variants(
    info: DatasetInfo, list_classes: Callable[..., Listing], layouts: tuple[str, ...]
) -> tuple[DatasetInfo, ...]:
    """Return a variant of a dataset for each filter in RESAMPLING except its own.

    The variants are built from the original images of ILSVRC2012.
    list_classes: takes a request and the keyword `resampling`; returns a listing
    layouts: a description of each layout that has images at full size
    """
    others = []
    for resampling in RESAMPLING:
        if resampling == info.resampling:
            continue
        variant = replace(
            info,
            name=f"{info.name}-{resampling}",
            title=f"{info.title}, {resampling}",
            resampling=resampling,
            list_classes=partial(list_classes, resampling=resampling),
            sources=(ILSVRC2012,),
            layouts=layouts,
            variant_of=info.name,
            export=replace(info.export, cache=""),
        )
        others.append(variant)
    return tuple(others)


def first_listing(
    search: Search, layouts: Iterable[Callable[[], Listing | None]]
) -> Listing:
    """Return the listing of the source in the first layout that fits.

    layouts: functions that return a listing, or None if the source has another layout
    Raises DataError if no layout fits, if the source is damaged or holds another
    dataset, or if two of its files hold the same class.
    """
    tree = search.files.tree
    stamp = tree.stamp()
    for list_layout in layouts:
        listing = list_layout()
        if listing is not None:
            _check_distinct(search, listing)
            return replace(listing, stamp=stamp, stamp_now=tree.stamp)
    kind = "layout"
    if search.is_other_size:
        kind = "layout with original images"
    raise DataError(
        f"{search.label}: expected a known {kind} of {search.name}, found none. "
        f"To see what it is: fewbench data identify {shlex.quote(search.label)}. "
        f"To see the layouts: fewbench data info {search.name}"
    )


def _check_distinct(search: Search, listing: Listing) -> None:
    seen: set[tuple[str, str]] = set()
    for one in listing.classes:
        key = (one.split, one.name)
        if key in seen:
            raise DataError(
                f"{search.label}: class {shown(one.name)} is in two of its files. Name the "
                f"file to use: --source FILE, or move the other file to another folder"
            )
        seen.add(key)

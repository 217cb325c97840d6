"""Find the layout of a source, and list the classes in it."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..images.load import read_images
from ..images.resample import RESAMPLING
from ..info import ClassImages, DataError, DatasetInfo, Listing
from .ilsvrc import ILSVRC2012, ClassFiles
from .pixels import Shape, already_small
from .source_files import SourceFiles

# Every split built from such a source stores these words, so they never change.
SMALL = "none: the source has the final size already (the first picture of each class)"


@dataclass(frozen=True)
class Search:
    """A source, and the dataset that a build wants from it.

    shape: (H, W, C) of the images in the dataset
    resampling: the filter that the build asks for
    published: the filter that resized the images which the dataset's authors published
    allow_missing: whether incomplete data is accepted
    """

    files: SourceFiles
    dataset: str
    shape: Shape
    resampling: str
    published: str
    allow_missing: bool

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
            self._check_filter(layout, recorded or self.published)
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
        """
        first_images = []
        for files in found.values():
            first_images.append((files.tree, files.members[0]))
        return already_small(first_images, self.shape)

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
                f"fewbench data build {self.dataset} --resampling {self.resampling} "
                f"--source ILSVRC2012_img_train"
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
    raise DataError(
        f"{search.label}: expected a known layout of {search.dataset}, found none. "
        f"To see what it is: fewbench data identify {shlex.quote(search.label)}. "
        f"To see the layouts: fewbench data info {search.dataset}"
    )


def _check_distinct(search: Search, listing: Listing) -> None:
    seen: set[tuple[str, str]] = set()
    for one in listing.classes:
        key = (one.split, one.name)
        if key in seen:
            raise DataError(
                f"{search.label}: class {one.name} is in two of its files. Name the "
                f"file to use: --source FILE, or move the other file to another folder"
            )
        seen.add(key)

"""Find the layout that a source has, and make its listing."""

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

# Stored in every split that was built so; the words stay as they are.
SMALL = "none: the source has the final size already (the first picture of each class)"


@dataclass(frozen=True)
class Search:
    """What is searched, and for which dataset.

    resampling: the filter that the build asks for
    published: the filter behind the pixels that are published at their final size
    """

    files: SourceFiles
    dataset: str
    shape: Shape
    resampling: str
    published: str
    allow_missing: bool

    @property
    def label(self) -> str:
        """The source, for messages."""
        return self.files.tree.label

    def finished(self, classes: Sequence[ClassImages], layout: str) -> Listing:
        """A listing of pixels at their final size, which cannot be resized any more."""
        recorded = self.files.resampling
        self._check_filter(layout, recorded or self.published)
        made_by = recorded or f"{self.published}, by the publisher"
        return Listing(tuple(classes), layout=layout, resampling=made_by)

    def resized(
        self, classes: Sequence[ClassImages], layout: str, small: bool
    ) -> Listing:
        """A listing of image files.

        small: they have the final size already, so the filter of the build does nothing
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
        """One class of image files: those at `positions`, called `names`."""
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
        """Whether the images of a source have the final size already."""
        first_images = []
        for files in found.values():
            first_images.append((files.tree, files.members[0]))
        return already_small(first_images, self.shape)

    def _check_filter(self, layout: str, made_by: str) -> None:
        """Raises DataError when the build asks for another filter than made the pixels."""
        filter_name = made_by.partition(",")[0]
        if filter_name not in RESAMPLING:
            filter_name = self.published
        if self.resampling != filter_name:
            raise DataError(
                f"{self.label}: holds finished pixels ({layout}; {made_by}), which cannot "
                f"be resampled by {self.resampling}. Build the variant that they are, or "
                f"name a source with the original images: fewbench data build "
                f"{self.dataset} --resampling {self.resampling} --source "
                f"ILSVRC2012_img_train"
            )


def variants(
    info: DatasetInfo, list_classes: Callable[..., Listing], layouts: tuple[str, ...]
) -> tuple[DatasetInfo, ...]:
    """The same dataset made by every other filter, from the images of ILSVRC2012.

    list_classes: takes a request and `resampling`
    layouts: those that hold images at full size
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
        )
        others.append(variant)
    return tuple(others)


def first_listing(
    search: Search, layouts: Iterable[Callable[[], Listing | None]]
) -> Listing:
    """The listing of the first layout that the source has.

    layouts: each gives a listing, or None when the source does not have this layout
    Raises DataError when the source has none, is damaged, or is another dataset.
    """
    for list_layout in layouts:
        listing = list_layout()
        if listing is not None:
            _check_distinct(search, listing)
            return replace(listing, stamp=search.files.tree.stamp())
    raise DataError(
        f"{search.label}: expected a known layout of {search.dataset}, found none. "
        f"See what it is: fewbench data identify {shlex.quote(search.label)}. "
        f"See the layouts: fewbench data info {search.dataset}"
    )


def _check_distinct(search: Search, listing: Listing) -> None:
    seen: set[tuple[str, str]] = set()
    for one in listing.classes:
        key = (one.split, one.name)
        if key in seen:
            raise DataError(
                f"{search.label}: class {one.name} is in two of its files. Name the one "
                f"to use: --source FILE, or move the other to another folder"
            )
        seen.add(key)

"""Read tieredImageNet in each of its layouts.

Every layout gives the same classes and images. If the source has no names for the
classes, the classes are numbered and have no category. Only ILSVRC2012's training set
has names for the images. In other layouts, images are named by position.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..archives.refusals import refusal
from ..info import ClassImages, Listing
from .array_facts import channel_order
from .ilsvrc import find_classes
from .npz import NpyArray
from .pixels import (
    Record,
    check_images,
    read_group,
    read_records,
    read_rows,
)
from .ren_split import RenSplit
from .search import Search
from .source_file import SourceFile
from .tieredimagenet_classes import TieredImageNetClasses
from .tieredimagenet_labels import find_labels, matching_labels

_NAMED_BY_POSITION = (
    "images are named by their position: the archive has no image names"
)
_NUMBERED = "the labels have no class names: classes are numbered and have no category"


class TieredImageNetLayouts:
    """The layouts of tieredImageNet, with a method for each.

    A method returns the listing of the source, or None if the source has another
    layout. It raises DataError if the source is damaged, incomplete or holds another
    dataset.
    """

    def __init__(self, search: Search, ren: RenSplit) -> None:
        self._search = search
        self._files = search.files
        self._ren = ren
        self._classes = TieredImageNetClasses(search, ren)

    def from_pickles(self) -> Listing | None:
        """Return the listing for *_images_png.pkl and *_labels.pkl files.

        An images file has a list of PNGs. A labels file has the class of each PNG.
        """
        images_of = self._png_lists()
        candidates = find_labels(self._files)
        classes = []
        for file, images in images_of.items():
            labels = matching_labels(file, images, candidates)
            read = partial(self._read_pngs, file, images)
            classes += self._classes.with_labels(labels, read)
        if not classes:
            return None
        return self._finished(classes, "images_png pickles")

    def from_npz(self) -> Listing | None:
        """Return the listing for *_images.npz and *_labels.pkl files.

        The images have OpenCV's channel order (BGR).
        """
        images_of, measured = self._bgr_arrays()
        candidates = find_labels(self._files)
        classes = []
        for file, images in images_of.items():
            labels = matching_labels(file, images, candidates)
            read = partial(_read_bgr, images)
            classes += self._classes.with_labels(labels, read)
        if not classes:
            return None
        listing = self._finished(classes, "npz with BGR images")
        checks = (
            *listing.checks,
            "channels reversed: BGR to RGB",
            *measured,
        )
        return replace(listing, checks=checks)

    def from_groups(self) -> Listing | None:
        """Return the listing for torchmeta's *_data.hdf5 files.

        Each file has a list of encoded images for each class. The classes are named by
        the words of their WordNet synsets.
        """
        shape = self._search.shape
        classes = []
        for file in self._files.of_kind("groups"):
            groups = self._files.groups(file)
            wnids = self._classes.find_wnids(file.label, groups)
            for name, wnid in wnids.items():
                group = groups[name]
                images = self._classes.named(
                    wnid,
                    n_images=group.shape[0],
                    read=partial(read_group, group, shape),
                )
                classes.append(images)
        if not classes:
            return None
        return self._finished(classes, "torchmeta HDF5")

    def from_ilsvrc(self) -> Listing | None:
        """Return the listing for ILSVRC2012's training set.

        It has every image of the 608 classes, sorted by the number in the file name.
        """
        found = find_classes(self._files.tree, self._ren.classes)
        if not found:
            return None
        classes = []
        for wnid, files in sorted(found.items()):
            n_images = len(files.members)
            self._classes.check_count(wnid, n_images)
            split, category, _ = self._ren.classes[wnid]
            images = self._search.class_images(
                split,
                files,
                positions=range(n_images),
                names=files.names,
            )
            classes.append(replace(images, category=category))
        return self._search.resized(
            classes,
            "ILSVRC2012 training set",
            small=self._search.small(found),
        )

    def _finished(self, classes: Sequence[ClassImages], layout: str) -> Listing:
        checks = [_NAMED_BY_POSITION]
        if any(not images.category for images in classes):
            checks.append(_NUMBERED)
        listing = self._search.finished(classes, layout)
        return replace(listing, checks=tuple(checks))

    def _png_lists(self) -> dict[SourceFile, list[Record]]:
        """Return file -> its images, for each pickle that is a list of encoded images."""
        found = {}
        for file in self._files.of_kind("pickle"):
            value = self._files.pickle(file)
            if isinstance(value, list) and _are_arrays(value):
                found[file] = value
        return found

    def _read_pngs(
        self, file: SourceFile, images: Sequence[Record], rows: np.ndarray
    ) -> Callable[[], np.ndarray]:
        """Return a function that reads the images at the positions `rows` of a list."""
        records = [images[row] for row in rows]
        return partial(
            read_records,
            file.label,
            records,
            self._search.shape,
        )

    def _bgr_arrays(self) -> tuple[dict[SourceFile, NpyArray], list[str]]:
        """Return .npz file -> its images, and a sentence for each file.

        The sentence states the measured channel order.
        Raises DataError for clearly RGB images, because the published files are BGR.
        """
        found = {}
        measured = []
        for file in self._files.of_kind("npz"):
            images = self._files.arrays(file).get("images")
            if images is None:
                continue
            check_images(file.label, images, self._search.shape)
            order = channel_order(images)
            if order.startswith("RGB"):
                raise refusal(
                    file.label,
                    "its images",
                    expected="channels in OpenCV's order (BGR)",
                    got=f"{order}: the order was already reversed",
                    advice="Get the published file.",
                )
            found[file] = images
            measured.append(f"{file.name}: measured {order or 'no clear order'}")
        return found, measured


def _read_bgr(images: NpyArray, rows: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a function that reads the given rows of a BGR array as RGB images."""
    return partial(read_rows, images, rows, bgr=True)


def _are_arrays(values: list[object]) -> bool:
    return bool(values) and all(hasattr(value, "tobytes") for value in values)

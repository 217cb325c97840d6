"""Read miniImageNet in each of its layouts.

Every layout gives the same classes, image names and order.
"""

from dataclasses import replace

from ..info import ClassImages, DataError, Listing
from .ilsvrc import ClassFiles, find_classes
from .miniimagenet_arrays import NAMED_BY_POSITION, ArrayClasses
from .miniimagenet_ilsvrc import first_images, listed_images
from .ravi_split import (
    RaviSplit,
    check_csv,
    check_n_images,
    check_single_files,
    ravi_members,
)
from .search import Search

# Files with these endings hold other images of the training classes. These images are
# not in the dataset.
_HELD_OUT = ("train_phase_val", "train_phase_test")
_NAMED_BY_LABEL = (
    "class names are assumed: the file has none, so its sorted labels are matched with "
    "the sorted class names"
)
_AS_LISTED = (
    "every image is the one that the split list names (mapping sha256 as published)"
)
_NOT_AS_LISTED = "PARTIAL: the first files of each class, not those in the split list"


class MiniImageNetLayouts:
    """The layouts of miniImageNet, with a method for each.

    A method returns the listing of the source, or None if the source has another
    layout. It raises DataError if the source is damaged, incomplete or holds another
    dataset.
    """

    def __init__(self, search: Search, ravi: RaviSplit) -> None:
        self._search = search
        self._files = search.files
        self._ravi = ravi
        self._arrays = ArrayClasses(search, ravi)

    def from_cache(self) -> Listing | None:
        """Return the listing for mini-imagenet-cache-*.pkl files.

        Each pickle has one array with the images of a split and the rows of each class.
        """
        classes: list[ClassImages] = []
        for file in self._files.of_kind("pickle"):
            table = self._files.table(file)
            if "image_data" in table and "class_dict" in table:
                classes += self._arrays.with_rows(
                    file,
                    images=table["image_data"],
                    class_dict=table["class_dict"],
                )
        if not classes:
            return None
        return replace(
            self._search.finished(classes, "mini-imagenet-cache pickles"),
            checks=(NAMED_BY_POSITION,),
        )

    def from_category_split(self) -> Listing | None:
        """Return the listing for miniImageNet_category_split_*.pickle files.

        Each pickle has one array with the images of a split and a label for each image.
        The files *_train_phase_val and *_train_phase_test are left out. They hold other
        images of the training classes, which are not in the dataset.
        """
        classes: list[ClassImages] = []
        checks = [NAMED_BY_POSITION]
        for file in self._files.of_kind("pickle"):
            table = self._files.table(file)
            if "data" not in table or "labels" not in table:
                continue
            if file.stem.endswith(_HELD_OUT):
                continue
            if "catname2label" not in table:
                checks.append(f"{file.name}: {_NAMED_BY_LABEL}")
            classes += self._arrays.with_labels(
                file,
                images=table["data"],
                labels=table["labels"],
                names=table.get("catname2label"),
            )
        if not classes:
            return None
        return replace(
            self._search.finished(classes, "miniImageNet_category_split pickles"),
            checks=tuple(checks),
        )

    def from_groups(self) -> Listing | None:
        """Return the listing for torchmeta's *_data.hdf5 files.

        Each file has one array of images for each class.
        """
        classes: list[ClassImages] = []
        for file in self._files.of_kind("groups"):
            groups = self._files.groups(file)
            if groups:
                classes += self._arrays.in_groups(file, groups)
        if not classes:
            return None
        return replace(
            self._search.finished(classes, "torchmeta HDF5"),
            checks=(NAMED_BY_POSITION,),
        )

    def from_named_images(self) -> Listing | None:
        """Return the listing for image files named as in Ravi & Larochelle's CSVs.

        The files may be in any folders.
        """
        checks = [check_csv(file) for file in self._files.of_kind("csv")]
        found = self._named_files()
        if not found:
            return None
        classes = []
        for wnid, files in found.items():
            images = self._search.class_images(
                self._ravi.split(wnid),
                files,
                positions=range(len(files.members)),
                names=files.names,
            )
            classes.append(images)
        listing = self._search.resized(
            classes,
            "images named as in Ravi's CSVs",
            small=self._search.small(found),
        )
        return replace(listing, checks=tuple(checks))

    def from_ilsvrc(self) -> Listing | None:
        """Return the listing for ILSVRC2012's training set.

        It has a folder or a tar for each class. If images of the split list are missing
        and a partial build is allowed, the first files of each class are used.
        """
        found = find_classes(self._files.tree, self._ravi.numbers)
        if not found:
            return None
        is_partial = False
        check = _AS_LISTED
        try:
            classes = listed_images(self._search, self._ravi, found)
        except DataError as error:
            if not self._search.allow_missing:
                raise
            is_partial = True
            check = f"{_NOT_AS_LISTED}: {error}"
            classes = first_images(self._search, self._ravi, found)
        listing = self._search.resized(
            classes,
            "ILSVRC2012 training set",
            small=self._search.small(found),
        )
        return replace(
            listing,
            checks=(check,),
            partial=is_partial,
        )

    def _named_files(self) -> dict[str, ClassFiles]:
        """Return wnid -> image files, in the order of the split list.

        Raises DataError if a class has too few image files, or an image two.
        """
        tree = self._files.tree
        names = tree.names()
        check_single_files(self._search.label, names, self._ravi)
        found = {}
        for wnid, members in sorted(ravi_members(names, self._ravi).items()):
            in_order = []
            for name in self._ravi.names(wnid):
                if name in members:
                    in_order.append(members[name])
            check_n_images(
                self._search.label,
                wnid,
                n_images=len(in_order),
                ravi=self._ravi,
                allow_missing=self._search.allow_missing,
            )
            found[wnid] = ClassFiles(wnid, tree, tuple(in_order))
        return found

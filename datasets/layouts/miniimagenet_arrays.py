"""Make the classes of miniImageNet from arrays, which have no names for the images."""

from collections.abc import Callable, Collection, Mapping
from functools import partial

import numpy as np

from fewbench.documents import shown

from ..archives.refusals import refusal
from ..info import ClassImages, DataError
from .pixels import RowArray, check_images, read_group, read_integers, read_rows
from .ravi_split import RaviSplit, check_n_images
from .search import Search
from .source_file import SourceFile
from .source_files import with_text_keys
from .torchmeta import ClassGroup

NAMED_BY_POSITION = (
    "image names are assumed: the source has none, so the images get the names in the "
    "split list in order"
)
_SPLITS = ("train", "val", "test")


class ArrayClasses:
    """Makes the classes of miniImageNet from arrays of images.

    All methods raise DataError if the arrays are damaged, incomplete or hold another
    dataset.
    """

    def __init__(self, search: Search, ravi: RaviSplit) -> None:
        self._search = search
        self._ravi = ravi

    def in_groups(
        self, file: SourceFile, groups: Mapping[str, ClassGroup]
    ) -> list[ClassImages]:
        """Return one class for each HDF5 dataset in a torchmeta file.

        groups: wnid -> images of the class
        """
        self._check_wnids(file, groups)
        shape = self._search.shape
        classes = []
        for wnid, group in groups.items():
            check_images(group.label, group, shape)
            images = self._class_images(
                file,
                wnid,
                n_images=group.shape[0],
                read=partial(read_group, group, shape),
            )
            classes.append(images)
        return classes

    def with_rows(
        self, file: SourceFile, images: RowArray, class_dict: object
    ) -> list[ClassImages]:
        """Split an array of images into classes, using a list of rows for each class.

        `images` and `class_dict` come from a file: their shapes and types are checked.
        images: uint8 (N, H, W, C)
        class_dict: wnid -> row numbers
        """
        rows = {}
        for name, indices in with_text_keys(class_dict).items():
            label = f"{file.label}, class {shown(name)}"
            rows[name] = read_integers(label, indices)
        return self._in_rows(file, images, rows)

    def with_labels(
        self, file: SourceFile, images: RowArray, labels: object, names: object
    ) -> list[ClassImages]:
        """Split an array of images into classes, using a label for each image.

        `images`, `labels` and `names` come from a file: their shapes and types are
        checked.
        images: uint8 (N, H, W, C)
        labels: N whole numbers
        names: wnid -> label; if it is not a dict, the file has no class names
        """
        label_of_row = read_integers(f"{file.label}, labels", labels)
        present = np.unique(label_of_row).tolist()
        if isinstance(names, Mapping):
            wnids = _stated_wnids(with_text_keys(names), present)
        else:
            wnids = self._assumed_wnids(file, present)
        self._check_wnids(file, wnids.values())
        rows = {}
        for label, wnid in wnids.items():
            rows[wnid] = np.flatnonzero(label_of_row == label)
        return self._in_rows(file, images, rows)

    def _in_rows(
        self, file: SourceFile, array: RowArray, rows: Mapping[str, np.ndarray]
    ) -> list[ClassImages]:
        """Return the classes in an array.

        rows: wnid -> int64 (n,) the rows of `array` with the images of the class
        """
        self._check_wnids(file, rows)
        check_images(file.label, array, self._search.shape)
        _check_rows(file, rows, n_rows=array.shape[0])
        classes = []
        for wnid, indices in rows.items():
            images = self._class_images(
                file,
                wnid,
                n_images=len(indices),
                read=partial(read_rows, array, indices),
            )
            classes.append(images)
        return classes

    def _class_images(
        self,
        file: SourceFile,
        wnid: str,
        n_images: int,
        read: Callable[[], np.ndarray],
    ) -> ClassImages:
        """Return one class.

        If the class is complete, its images get the names in the split list. Otherwise
        they are called 0000, 0001, ...
        """
        check_n_images(
            file.label,
            wnid,
            n_images,
            ravi=self._ravi,
            allow_missing=self._search.allow_missing,
        )
        names = self._ravi.names(wnid)
        if n_images < len(names):
            names = tuple(f"{i:04d}" for i in range(n_images))
        return ClassImages(
            split=self._ravi.split(wnid),
            name=wnid,
            image_names=names,
            read=read,
        )

    def _assumed_wnids(self, file: SourceFile, present: list[int]) -> dict[int, str]:
        """Return label -> wnid for a file without class names.

        The file name ends with a split. The sorted labels are matched with the sorted
        wnids of this split.
        """
        split = ""
        for name in _SPLITS:
            if file.stem.endswith(name):
                split = name
        wnids = self._ravi.wnids_of(split)
        if len(wnids) != len(present):
            raise refusal(
                file.label,
                "its classes",
                expected=f"names, or {len(wnids)} labels as in split '{split}'",
                got=f"{len(present)} labels without names",
            )
        return dict(zip(present, wnids, strict=True))

    def _check_wnids(self, file: SourceFile, wnids: Collection[str]) -> None:
        """Raise DataError if `wnids` is empty or has a class outside miniImageNet."""
        unknown = [wnid for wnid in wnids if wnid not in self._ravi.numbers]
        if wnids and not unknown:
            return
        example = ""
        if unknown:
            example = f" ({shown(unknown[0])} does not)"
        n_known = len(wnids) - len(unknown)
        raise DataError(
            f"{file.label}: is not this dataset: {n_known} of its {len(wnids)} classes "
            f"belong to Ravi & Larochelle's miniImageNet{example}. "
            f"The dataset of Vinyals et al. (2016) has the same name, but shares only "
            f"6 of the 100 classes, so results on it cannot be compared. "
            f"Get the split of Ravi & Larochelle"
        )


def _stated_wnids(stated: Mapping[str, object], present: list[int]) -> dict[int, str]:
    """Return label -> the class name that the file gives to this label.

    stated: class name -> label, from the file
    present: the labels that occur among the images
    """
    names = {}
    for name, label in stated.items():
        if isinstance(label, int):
            names[label] = name
    wnids = {}
    for label in present:
        wnids[label] = names.get(label, f"label {label}")
    return wnids


def _check_rows(file: SourceFile, rows: Mapping[str, np.ndarray], n_rows: int) -> None:
    """Raise DataError if a row number occurs twice, or is outside the array."""
    every = np.concatenate(list(rows.values()))
    n_different = len(np.unique(every))
    is_outside = (every < 0) | (every >= n_rows)
    if n_different < len(every) or is_outside.any():
        raise refusal(
            file.label,
            "its rows",
            expected=f"different row numbers below {n_rows}",
            got="row numbers that repeat or point outside the array",
        )

"""Make the classes of tieredImageNet from arrays, and check that they are complete."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from fewbench.documents import shown

from ..archives.refusals import refusal
from ..info import ClassImages, DataError
from .ilsvrc import MOST_IMAGES, check_count
from .ren_split import RenSplit, plain
from .search import Search
from .tieredimagenet_labels import Labels

_SPLITS = ("train", "val", "test")
_IDENTIFY = "See what it is: fewbench data identify PATH"
# Takes the rows of one class, and returns a function that reads images in these rows.
ReadRows = Callable[[np.ndarray], Callable[[], np.ndarray]]


class TieredImageNetClasses:
    """Makes the classes of tieredImageNet from arrays or lists of images.

    All methods raise DataError if the data are damaged, incomplete or another dataset.
    """

    def __init__(self, search: Search, ren: RenSplit) -> None:
        self._search = search
        self._files = search.files
        self._ren = ren

    def with_labels(self, labels: Labels, read_rows: ReadRows) -> list[ClassImages]:
        """Return one class for each label. The images keep their order in the archive.

        read_rows: takes the rows of a class, int64 (n,); returns a function that reads
            these rows as uint8 (n, H, W, C)
        """
        rows = labels.rows()
        if not rows:
            return []
        wnids = None
        if labels.names:
            wnids = self._wnids_of_labels(labels, rows)
        classes = []
        for label, indices in rows.items():
            n_images = len(indices)
            read = read_rows(indices)
            if wnids is None:
                images = _nameless(labels, label, n_images, read)
            else:
                images = self.named(wnids[label], n_images, read)
            classes.append(images)
        return classes

    def named(
        self, wnid: str, n_images: int, read: Callable[[], np.ndarray]
    ) -> ClassImages:
        """Return the class with a WordNet ID. Its images are named by position."""
        self.check_count(wnid, n_images)
        split, category, _ = self._ren.classes[wnid]
        return ClassImages(
            split=split,
            name=wnid,
            image_names=_positions(n_images),
            read=read,
            category=category,
        )

    def check_count(self, wnid: str, n_images: int) -> None:
        """Raise DataError if a class of ILSVRC2012 cannot have this many images.

        Fewer images are accepted if missing data is allowed.
        """
        fewest, most = self._ren.counts[wnid]
        if self._search.allow_missing:
            fewest = 1
        check_count(wnid, n_images, fewest, most)

    def find_wnids(self, label: str, names: Collection[str]) -> dict[str, str]:
        """Return class name in the archive -> wnid (WordNet ID).

        label: the file with the names, for messages
        names: wnids, or words of WordNet synsets
        Raises DataError if a name is unknown, or if two names mean the same class.
        """
        known = self._ren.by_words() | self._wnids_by_listed_words()
        wnids = {}
        for name in names:
            wnid = name
            if name not in self._ren.classes:
                wnid = known.get(plain(name))
            if wnid is None:
                raise DataError(
                    f"{label}: is not this dataset: class '{shown(name)}' is none of "
                    f"tieredImageNet's {len(self._ren.classes)} classes. {_IDENTIFY}"
                )
            wnids[name] = wnid
        n_different = len(set(wnids.values()))
        if n_different != len(names):
            raise refusal(
                label,
                "its class names",
                expected="a name for each class",
                got="two names that mean the same class",
            )
        return wnids

    def _wnids_of_labels(
        self, labels: Labels, rows: Mapping[int, np.ndarray]
    ) -> Sequence[str]:
        """Return the wnid of each label: wnid k belongs to label k.

        rows: label -> int64 (n,) the rows of its images
        """
        label_of_file = labels.file.label
        wnids = list(self.find_wnids(label_of_file, labels.names).values())
        if min(rows) < 0 or max(rows) >= len(wnids):
            raise refusal(
                label_of_file,
                "its labels",
                expected=f"labels from 0 to {len(wnids) - 1}, one for each class name",
                got=f"labels from {min(rows)} to {max(rows)}",
            )
        self._check_categories(labels, rows, wnids)
        return wnids

    def _wnids_by_listed_words(self) -> dict[str, str]:
        """Read two text files in the source. Return the words of a class -> its wnid.

        Line i in class_names.txt has the words for the wnid in line i of synsets.txt.
        Returns {} if one of these files is missing.
        """
        lists = {}
        for file in self._files.of_kind("text"):
            name = file.stem.rpartition("-")[2]
            lists[name] = file
        if "class_names" not in lists or "synsets" not in lists:
            return {}
        names = lists["class_names"].lines()
        synsets = lists["synsets"].lines()
        wnids = {}
        for name, synset in zip(names, synsets, strict=False):
            wnid = synset.strip()
            if wnid in self._ren.classes:
                wnids[plain(name)] = wnid
        return wnids

    def _check_categories(
        self, labels: Labels, rows: Mapping[int, np.ndarray], wnids: Sequence[str]
    ) -> None:
        """Raise DataError if the archive puts a class into a wrong category.

        Archives made before 2019-03-26 have this fault. The categories in the archive
        are numbers. They must correspond one to one to the categories of Ren et al.
        rows: label -> int64 (n,) the rows of its images
        wnids: wnid k belongs to label k
        """
        general = labels.general
        if general is None:
            return
        n_labels = len(labels.specific)
        if len(general) != n_labels:
            raise refusal(
                labels.file.label,
                "its categories",
                expected=f"{n_labels:,} categories, one for each label",
                got=f"{len(general):,}",
            )
        pairs = set()
        for label, indices in rows.items():
            _, category, _ = self._ren.classes[wnids[label]]
            for number in np.unique(general[indices]):
                pairs.add((category, int(number)))
        categories = {category for category, _ in pairs}
        numbers = {number for _, number in pairs}
        one_to_one = len(categories) == len(numbers) == len(pairs)
        if not one_to_one:
            raise DataError(
                f"{labels.file.label}: is an old copy whose label_general puts classes "
                f"into wrong categories (its authors corrected this on 2019-03-26). "
                f"Get the corrected archive: "
                f"tiered-imagenet.tar with md5 e07e811b9f29362d159a9edd0d838c62"
            )


def _nameless(
    labels: Labels,
    label: int,
    n_images: int,
    read: Callable[[], np.ndarray],
) -> ClassImages:
    """Return a class that has only a number. Its split is in the file name."""
    name = f"label-{label:03d}"
    split = _split_in(labels)
    check_count(name, n_images, 1, MOST_IMAGES)
    return ClassImages(
        split=split,
        name=name,
        image_names=_positions(n_images),
        read=read,
    )


def _split_in(labels: Labels) -> str:
    """Return the split in the name of a labels file.

    Raises DataError if the name contains no split.
    """
    for split in _SPLITS:
        if split in labels.file.stem:
            return split
    raise refusal(
        labels.file.label,
        "its split",
        expected="class names in the file, or a split in its file name",
        got="neither",
        advice="Rename it to train_labels.pkl, val_labels.pkl or test_labels.pkl.",
    )


def _positions(n_images: int) -> tuple[str, ...]:
    """Return the names 0000, 0001, ... for images without names."""
    return tuple(f"{i:04d}" for i in range(n_images))

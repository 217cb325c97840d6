"""The forms in which tieredImageNet goes round, each brought to one list of classes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..info import ClassImages, DataError, Listing
from ..lookup import shown
from ..pickles.arrays import text
from .ilsvrc import MOST, check_count, find_classes
from .pixels import (
    channel_order,
    check_images,
    read_group,
    read_integers,
    read_records,
    read_rows,
)
from .search import Search
from .source_files import Found

_SPLITS = ("train", "val", "test")
_NO_NAMES = "the labels name no classes: classes are numbered and have no category"
_ORDER = "image names are places in the class: the archive keeps none"


@dataclass(frozen=True)
class RenSplit:
    """Which classes make the dataset.

    classes: wnid -> (split, category, words of its synset)
    counts: wnid -> (fewest, most) images that the class can have in ILSVRC2012
    """

    classes: Mapping[str, tuple[str, str, str]]
    counts: Mapping[str, tuple[int, int]]

    def by_words(self) -> dict[str, str]:
        """Words of a synset, whole or the first of them -> wnid."""
        whole = {_plain(words): wnid for wnid, (_, _, words) in self.classes.items()}
        first = {
            _plain(words.split(",")[0]): w for w, (_, _, words) in self.classes.items()
        }
        return first | whole


@dataclass(frozen=True)
class Labels:
    """The labels of one split: the class of each image, and names where the file has them."""

    one: Found
    specific: np.ndarray
    general: np.ndarray | None
    names: tuple[str, ...]


class TieredForms:
    """Each method answers: is the source of this form, and what does it list?"""

    def __init__(self, search: Search, ren: RenSplit) -> None:
        self._search = search
        self._findings = search.findings
        self._ren = ren

    def from_pickles(self) -> Listing | None:
        """*_images_png.pkl and *_labels.pkl: a list of PNGs and the class of each."""
        pictures = {
            one: value
            for one in self._findings.of("pickle")
            if isinstance(value := self._findings.value(one), list)
            and _are_arrays(value)
        }
        classes: list[ClassImages] = []
        for one, labels in self._paired(pictures):
            images = pictures[one]

            def read(
                rows: np.ndarray, images: Sequence[Any] = images, one: Found = one
            ) -> Any:
                return partial(
                    read_records,
                    one.label,
                    [images[row] for row in rows],
                    self._search.shape,
                )

            classes += self._classes(labels, read)
        return self._listing(classes, "images_png pickles") if classes else None

    def from_npz(self) -> Listing | None:
        """*_images.npz in OpenCV's channel order, and *_labels.pkl."""
        arrays, measured = {}, []
        for one in self._findings.of("npz"):
            images = self._findings.value(one).get("images")
            if images is not None:
                check_images(one.label, images, self._search.shape)
                arrays[one], order = images, channel_order(images)
                if order.startswith("RGB"):
                    raise DataError(
                        f"{one.label}: expected channels in OpenCV's order (BGR), got {order}. "
                        f"Somebody has reversed them already; get the published file"
                    )
                measured.append(f"{one.name}: measured {order or 'no clear order'}")
        classes: list[ClassImages] = []
        for one, labels in self._paired(arrays):
            images = arrays[one]
            classes += self._classes(
                labels,
                lambda rows, images=images: partial(read_rows, images, rows, bgr=True),
            )
        if not classes:
            return None
        listing = self._listing(classes, "npz with BGR images")
        return replace(
            listing,
            checks=(*listing.checks, "channels reversed: BGR to RGB", *measured),
        )

    def from_groups(self) -> Listing | None:
        """torchmeta's *_data.hdf5: encoded pictures for each class, by the words of its synset."""
        classes: list[ClassImages] = []
        for one in self._findings.of("groups"):
            groups = self._findings.value(one)
            for name, wnid in self._wnids(one.label, groups).items():
                read = partial(read_group, groups[name], self._search.shape)
                classes.append(self._class(wnid, groups[name].shape[0], read))
        return self._listing(classes, "torchmeta HDF5") if classes else None

    def from_ilsvrc(self) -> Listing | None:
        """ILSVRC2012's training set: every image of the 608 classes, in the order of its number."""
        found = find_classes(self._findings.tree, self._ren.classes)
        if not found:
            return None
        classes = []
        for wnid, files in sorted(found.items()):
            self._check_count(wnid, len(files.members))
            split, category, _ = self._ren.classes[wnid]
            every = range(len(files.members))
            one = self._search.pictures(split, files, every, files.names)
            classes.append(replace(one, category=category))
        small = self._search.small(found)
        return self._search.resized(classes, "ILSVRC2012 training set", small)

    def _listing(self, classes: Sequence[ClassImages], form: str) -> Listing:
        listing = self._search.finished(classes, form)
        anonymous = any(not one.category for one in classes)
        return replace(listing, checks=(_ORDER, *([_NO_NAMES] if anonymous else [])))

    def _paired(self, images: Mapping[Found, Any]) -> Iterable[tuple[Found, Labels]]:
        """Images with their labels: by name, else by their number. Raises DataError if none fit."""
        labels = [
            found for one in self._findings.of("pickle") if (found := self._labels(one))
        ]
        for one, found in images.items():
            stem = one.stem.removesuffix("_images_png").removesuffix("_images")
            named = [two for two in labels if two.one.stem == f"{stem}_labels"]
            fitting = [
                two for two in named or labels if len(two.specific) == len(found)
            ]
            if len(fitting) != 1:
                raise DataError(
                    f"{one.label}: expected one labels pickle with {len(found):,} labels beside "
                    f"it ({stem}_labels.pkl), found {len(fitting)}. Put both into one folder"
                )
            yield one, fitting[0]

    def _labels(self, one: Found) -> Labels | None:
        table = self._findings.table(one)
        specific = table.get("label_specific", table.get("labels"))
        if specific is None or "data" in table:
            return None
        names, general = table.get("label_specific_str", []), table.get("label_general")
        if not isinstance(names, list) or not all(
            isinstance(n, str | bytes) for n in names
        ):
            raise DataError(
                f"{one.label}: its class names are no list. Get the file again"
            )
        kinds = None if general is None else read_integers(one.label, general)
        return Labels(
            one, read_integers(one.label, specific), kinds, tuple(map(text, names))
        )

    def _classes(
        self, labels: Labels, read: Callable[[np.ndarray], Callable[[], np.ndarray]]
    ) -> list[ClassImages]:
        """A class for each label, its images in the order of the archive."""
        if not len(labels.specific):
            return []
        order = np.argsort(labels.specific, kind="stable")
        values, starts = np.unique(labels.specific[order], return_index=True)
        rows = dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True))
        if not labels.names:
            return [
                self._anonymous(labels, label, here, read(here))
                for label, here in rows.items()
            ]
        wnids = list(self._wnids(labels.one.label, labels.names).values())
        if min(rows) < 0 or max(rows) >= len(wnids):
            raise DataError(
                f"{labels.one.label}: labels without a name. Get the file again"
            )
        self._check_categories(labels, rows, wnids)
        return [
            self._class(wnids[label], len(here), read(here))
            for label, here in rows.items()
        ]

    def _class(
        self, wnid: str, n_images: int, read: Callable[[], np.ndarray]
    ) -> ClassImages:
        split, category, _ = self._ren.classes[wnid]
        self._check_count(wnid, n_images)
        return ClassImages(split, wnid, _places(n_images), read, category)

    def _check_count(self, wnid: str, n_images: int) -> None:
        fewest, most = self._ren.counts[wnid]
        check_count(wnid, n_images, 1 if self._search.allow_missing else fewest, most)

    def _anonymous(
        self,
        labels: Labels,
        label: int,
        rows: np.ndarray,
        read: Callable[[], np.ndarray],
    ) -> ClassImages:
        split = next((s for s in _SPLITS if s in labels.one.stem), None)
        if split is None:
            raise DataError(
                f"{labels.one.label}: names neither classes nor its split. Call it "
                f"train_labels.pkl, val_labels.pkl or test_labels.pkl"
            )
        name = f"label-{label:03d}"
        check_count(name, len(rows), 1, MOST)
        return ClassImages(split, name, _places(len(rows)), read)

    def _wnids(self, label: str, names: Collection[str]) -> dict[str, str]:
        """Name in the archive -> wnid: a wnid, or the words of its synset."""
        known = self._ren.by_words() | self._listed_words()
        wnids = {}
        for name in names:
            wnid = name if name in self._ren.classes else known.get(_plain(name))
            if wnid is None:
                raise DataError(
                    f"{label}: is not this dataset: class '{shown(name)}' is none of "
                    f"tieredImageNet's {len(self._ren.classes)}. See what it is: "
                    f"fewbench data identify PATH"
                )
            wnids[name] = wnid
        if len(set(wnids.values())) != len(names):
            raise DataError(
                f"{label}: two class names mean the same class. Get the file again"
            )
        return wnids

    def _listed_words(self) -> dict[str, str]:
        """What class_names.txt and synsets.txt of the archive say, line by line."""
        lists = {one.stem.rpartition("-")[2]: one for one in self._findings.of("text")}
        if not {"class_names", "synsets"} <= lists.keys():
            return {}
        names, wnids = lists["class_names"].lines(), lists["synsets"].lines()
        pairs = zip(names, wnids, strict=False)
        return {
            _plain(a): b.strip() for a, b in pairs if b.strip() in self._ren.classes
        }

    def _check_categories(
        self, labels: Labels, rows: Mapping[int, np.ndarray], wnids: Sequence[str]
    ) -> None:
        """Copies made before 2019-03-26 put classes into wrong categories."""
        if labels.general is None:
            return
        if len(labels.general) != len(labels.specific):
            raise DataError(
                f"{labels.one.label}: expected {len(labels.specific):,} categories, one for each "
                f"label, got {len(labels.general):,}. Get the file again"
            )
        pairs = {
            (self._ren.classes[wnids[label]][1], int(kind))
            for label, here in rows.items()
            for kind in np.unique(labels.general[here])
        }
        one_to_one = (
            len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
        )
        if not one_to_one:
            raise DataError(
                f"{labels.one.label}: is an old copy whose label_general puts classes into wrong "
                f"categories (mended on 2019-03-26 by its authors). Get the present archive: "
                f"tiered-imagenet.tar with md5 e07e811b9f29362d159a9edd0d838c62"
            )


def _are_arrays(value: Sequence[Any]) -> bool:
    return bool(value) and all(hasattr(one, "tobytes") for one in value)


def _plain(words: str) -> str:
    return " ".join(words.replace("_", " ").lower().split())


def _places(n_images: int) -> tuple[str, ...]:
    return tuple(f"{i:04d}" for i in range(n_images))

"""The forms in which miniImageNet goes round, each brought to one list of classes and images."""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..archives.tree import Tree
from ..info import ClassImages, DataError, Listing
from ..lookup import shown
from .ilsvrc import ClassFiles, check_count, find_classes
from .pixels import RowArray, check_images, read_group, read_integers, read_rows
from .search import Search
from .source_files import Found

_RAVI_NAME = re.compile(r"(?:.*/)?((n\d{8})\d{8})\.(?:jpe?g|png)", re.IGNORECASE)
_CSV_MD5 = {
    "9525e1538f67719f18f1936bf8d0782d": "train",
    "ce315ce99b41fbf84fa6acd69315d918": "val",
    "5b89df877c6cbe5d291e43118a2a9591": "test",
}
_ASSUMED = (
    "its labels are taken for the class names in sorted order; the file does not say"
)
_MISSING = (
    "Get it whole; or build what is there, marked as partial: add --allow-missing"
)
_BY_ORDER = "images are named by their place in the class, in the order of the split list: assumed"


@dataclass(frozen=True)
class RaviSplit:
    """Which images of ILSVRC2012 make the dataset.

    numbers: wnid -> (split, numbers of its images, counted from 1 in ILSVRC2012's class)
    mapping_sha256: split -> sha256 of the lines "name here, tab, name in ILSVRC2012"
    counts: wnid -> (fewest, most) images that the class can have in ILSVRC2012
    """

    numbers: Mapping[str, tuple[str, tuple[int, ...]]]
    mapping_sha256: Mapping[str, str]
    counts: Mapping[str, tuple[int, int]]

    def split(self, wnid: str) -> str:
        """The split of a class."""
        return self.numbers[wnid][0]

    def names(self, wnid: str) -> tuple[str, ...]:
        """Names of a class's images in the split list, e.g. n0153282900000005."""
        return tuple(f"{wnid}{number:08d}" for number in self.numbers[wnid][1])


def ravi_members(tree: Tree, ravi: RaviSplit) -> dict[str, dict[str, str]]:
    """wnid -> name in the split list -> file, of pictures that bear such names."""
    found: dict[str, dict[str, str]] = {}
    for member in tree.names():
        match = _RAVI_NAME.fullmatch(member)
        if match and match[2] in ravi.numbers:
            found.setdefault(match[2], {})[match[1]] = member
    return found


class MiniForms:
    """Each method answers: is the source of this form, and what does it list?"""

    def __init__(self, search: Search, ravi: RaviSplit) -> None:
        self._search = search
        self._findings = search.findings
        self._ravi = ravi

    def from_cache(self) -> Listing | None:
        """mini-imagenet-cache-*.pkl: all images of a split in one array, rows by class."""
        classes: list[ClassImages] = []
        for one in self._findings.of("pickle"):
            table = self._findings.table(one)
            if {"image_data", "class_dict"} <= table.keys():
                rows = {
                    name: read_integers(f"{one.label}, class {shown(name)}", k)
                    for name, k in self._findings.by_text(table["class_dict"]).items()
                }
                classes += self._row_classes(one, table["image_data"], rows)
        if not classes:
            return None
        listing = self._search.finished(classes, "mini-imagenet-cache pickles")
        return replace(listing, checks=(_BY_ORDER,))

    def from_category_split(self) -> Listing | None:
        """miniImageNet_category_split_*.pickle: a superset, train_phase_{val,test} are left out."""
        classes: list[ClassImages] = []
        checks: list[str] = []
        for one in self._findings.of("pickle"):
            table = self._findings.table(one)
            extra = one.stem.endswith(("train_phase_val", "train_phase_test"))
            if not {"data", "labels"} <= table.keys() or extra:
                continue
            labels = read_integers(f"{one.label}, labels", table["labels"])
            names = self._names_of_labels(one, table, labels)
            self._check_names(one.label, names.values())
            checks += [] if "catname2label" in table else [f"{one.name}: {_ASSUMED}"]
            rows = {
                wnid: np.flatnonzero(labels == label) for label, wnid in names.items()
            }
            classes += self._row_classes(one, table["data"], rows)
        if not classes:
            return None
        listing = self._search.finished(classes, "miniImageNet_category_split pickles")
        return replace(listing, checks=(_BY_ORDER, *checks))

    def from_groups(self) -> Listing | None:
        """torchmeta's *_data.hdf5: an array for each class."""
        classes: list[ClassImages] = []
        for one in self._findings.of("groups"):
            groups = self._findings.value(one)
            if not groups:
                continue
            self._check_names(one.label, groups)
            for wnid, group in groups.items():
                check_images(group.label, group, self._search.shape)
                read = partial(read_group, group, self._search.shape)
                classes.append(self._class(one.label, wnid, group.shape[0], read))
        if not classes:
            return None
        return replace(
            self._search.finished(classes, "torchmeta HDF5"), checks=(_BY_ORDER,)
        )

    def from_named_images(self) -> Listing | None:
        """Pictures named as in the CSVs of Ravi & Larochelle, in whatever folders."""
        checks = [self._check_csv(one) for one in self._findings.of("csv")]
        found = ravi_members(self._findings.tree, self._ravi)
        if not found:
            return None
        files, classes = {}, []
        for wnid, here in sorted(found.items()):
            names = [name for name in self._ravi.names(wnid) if name in here]
            self._check_size(self._search.label, wnid, len(names))
            if not names:
                continue
            one = ClassFiles(
                wnid, self._findings.tree, tuple(here[name] for name in names)
            )
            files[wnid] = one
            classes.append(
                self._search.pictures(
                    self._ravi.split(wnid), one, range(len(names)), names
                )
            )
        small = self._search.small(files)
        listing = self._search.resized(classes, "images named as in Ravi's CSVs", small)
        return replace(listing, checks=tuple(checks))

    def from_ilsvrc(self) -> Listing | None:
        """ILSVRC2012's training set: image k of a class is its k-th file by number, from 1."""
        found = find_classes(self._findings.tree, self._ravi.numbers)
        if not found:
            return None
        try:
            classes = self._listed_files(found)
            check = "every image is the one that the split list names (mapping sha256 as published)"
        except DataError as error:
            if not self._search.allow_missing:
                raise
            classes = self._some_files(found)
            check = f"PARTIAL: the first files of each class, not those of the list: {error}"
        listing = self._search.resized(
            classes, "ILSVRC2012 training set", self._search.small(found)
        )
        return replace(listing, checks=(check,), partial=check.startswith("PARTIAL"))

    def _listed_files(self, found: Mapping[str, ClassFiles]) -> list[ClassImages]:
        """The images that the split list names. Raises DataError unless all are sure to be they."""
        classes: list[ClassImages] = []
        lines = dict.fromkeys(self._ravi.mapping_sha256, "")
        for wnid, (split, numbers) in sorted(self._ravi.numbers.items()):
            if wnid not in found:
                raise DataError(
                    f"{self._search.label}: class {wnid} is missing. {_MISSING}"
                )
            check_count(wnid, len(found[wnid].members), *self._ravi.counts[wnid])
            chosen, names = [number - 1 for number in numbers], self._ravi.names(wnid)
            true_names = [f"{found[wnid].names[k]}.JPEG" for k in chosen]
            pairs = zip(names, true_names, strict=True)
            lines[split] += "".join(f"{here}\t{there}\n" for here, there in pairs)
            classes.append(self._search.pictures(split, found[wnid], chosen, names))
        for split, text_lines in lines.items():
            self._check_mapping(split, text_lines, found)
        return classes

    def _class(
        self, label: str, wnid: str, n_images: int, read: Callable[[], np.ndarray]
    ) -> ClassImages:
        """A class whose images have no names of their own: those of the list, if all are there."""
        self._check_size(label, wnid, n_images)
        names = self._ravi.names(wnid)
        if n_images < len(names):
            names = tuple(f"{i:04d}" for i in range(n_images))
        return ClassImages(self._ravi.split(wnid), wnid, names, read)

    def _row_classes(
        self, one: Found, array: RowArray, rows: Mapping[str, np.ndarray]
    ) -> list[ClassImages]:
        """Classes as rows of one array; rows: wnid -> int (600,)."""
        self._check_names(one.label, rows)
        check_images(one.label, array, self._search.shape)
        every = np.concatenate(list(rows.values()))
        if (
            len(np.unique(every)) != len(every)
            or every.min() < 0
            or every.max() >= array.shape[0]
        ):
            raise DataError(
                f"{one.label}: row numbers repeat or point outside. Get the file again"
            )
        return [
            self._class(
                one.label, wnid, len(indices), partial(read_rows, array, indices)
            )
            for wnid, indices in rows.items()
        ]

    def _check_names(self, label: str, names: Collection[str]) -> None:
        strangers = [shown(name) for name in names if name not in self._ravi.numbers]
        if strangers or not names:
            raise DataError(
                f"{label}: is not this dataset: {len(names) - len(strangers)} of its {len(names)} "
                f"classes are those of Ravi & Larochelle's miniImageNet"
                f"{f' ({strangers[0]} is not)' if strangers else ''}. The class list of Vinyals "
                f"et al. (2016), which goes under the same name, shares 6 of 100 classes; results "
                f"on it cannot be compared. Get the split of Ravi & Larochelle"
            )

    def _check_size(self, label: str, wnid: str, n_images: int) -> None:
        expected = len(self._ravi.names(wnid))
        fewest = 1 if self._search.allow_missing else expected
        if not fewest <= n_images <= expected:
            raise DataError(
                f"{label}: class {wnid}: expected {expected} images, found {n_images}. {_MISSING}"
            )

    def _names_of_labels(
        self, one: Found, table: Mapping[str, Any], labels: np.ndarray
    ) -> dict[int, str]:
        """label -> wnid, from the file itself or else from the sorted class names of its split."""
        present = np.unique(labels).tolist()
        stated = table.get("catname2label")
        if isinstance(stated, Mapping):
            names = {
                label: name
                for name, label in self._findings.by_text(stated).items()
                if isinstance(label, int)
            }
            return {label: names.get(label, f"label {label}") for label in present}
        split = next((s for s in ("train", "val", "test") if one.stem.endswith(s)), "")
        ordered = sorted(
            wnid for wnid, (where, _) in self._ravi.numbers.items() if where == split
        )
        if len(ordered) != len(present):
            raise DataError(
                f"{one.label}: has {len(present)} labels, expected {len(ordered)} as in split "
                f"'{split}', and does not say which classes they are. Get the file again"
            )
        return dict(zip(present, ordered, strict=True))

    def _check_csv(self, one: Found) -> str:
        """Whether a CSV is Ravi's; raises DataError when it is the other list."""
        lines = one.lines()
        if lines[:1] == ["filename,class"]:
            raise DataError(
                f"{one.label}: is not this dataset: the class list of Vinyals et al. (2016), which "
                f"shares 6 of 100 classes with Ravi & Larochelle's. Get their CSVs"
            )
        data = self._findings.tree.read(one.name)
        split = _CSV_MD5.get(hashlib.md5(data, usedforsecurity=False).hexdigest())
        if split is None:
            return f"{one.name}: is not byte for byte one of Ravi's lists; not used"
        return f"{one.name}: is Ravi's list of split {split}, md5 as published"

    def _check_mapping(
        self, split: str, lines: str, found: Mapping[str, ClassFiles]
    ) -> None:
        got = hashlib.sha256(lines.encode()).hexdigest()
        if got == self._ravi.mapping_sha256[split]:
            return
        uncertain = ", ".join(
            f"{wnid} ({len(found[wnid].members)})"
            for wnid, (where, _) in sorted(self._ravi.numbers.items())
            if where == split and len(set(self._ravi.counts[wnid])) > 1
        )
        raise DataError(
            f"{split}: image numbers do not lead to the images of the split list: expected mapping "
            f"sha256 {self._ravi.mapping_sha256[split]}, got {got}. A file was added, removed or "
            f"renamed; most likely in a class whose exact count is not known (found): "
            f"{uncertain or 'none'}. Unpack those tars again"
        )

    def _some_files(self, found: Mapping[str, ClassFiles]) -> list[ClassImages]:
        """As many images of each class as it should have, under their own names."""
        classes = []
        for wnid, files in sorted(found.items()):
            count = min(len(files.members), len(self._ravi.names(wnid)))
            names = files.names[:count]
            classes.append(
                self._search.pictures(
                    self._ravi.split(wnid), files, range(count), names
                )
            )
        return classes

"""The split of Ravi & Larochelle (2017): which images of ILSVRC2012 are miniImageNet."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..archives.tree import Tree
from ..info import DataError
from .source_file import SourceFile

# An image file named as in their CSVs, e.g. n0153282900000005.jpg.
_RAVI_NAME = re.compile(
    r"(?:.*/)?(?P<image>(?P<wnid>n\d{8})\d{8})\.(?:jpe?g|png)", re.IGNORECASE
)
GET_ALL = (
    "Get the complete data, or add --allow-missing to build what is there, marked as "
    "partial"
)
_CSV_MD5 = {
    "9525e1538f67719f18f1936bf8d0782d": "train",
    "ce315ce99b41fbf84fa6acd69315d918": "val",
    "5b89df877c6cbe5d291e43118a2a9591": "test",
}


@dataclass(frozen=True)
class RaviSplit:
    """Which images of ILSVRC2012 make the dataset.

    numbers: wnid -> (split, numbers of its images, counted from 1 in ILSVRC2012's class)
    mapping_sha256: split -> sha256 of its lines "image name here, tab, name in ILSVRC2012"
    counts: wnid -> (fewest, most) images that the class can have in ILSVRC2012
    """

    numbers: Mapping[str, tuple[str, tuple[int, ...]]]
    mapping_sha256: Mapping[str, str]
    counts: Mapping[str, tuple[int, int]]

    def split(self, wnid: str) -> str:
        """The split of a class."""
        split, _ = self.numbers[wnid]
        return split

    def names(self, wnid: str) -> tuple[str, ...]:
        """The names of a class's images in the CSVs, e.g. n0153282900000005."""
        _, numbers = self.numbers[wnid]
        names = []
        for number in numbers:
            names.append(f"{wnid}{number:08d}")
        return tuple(names)

    def wnids_of(self, split: str) -> list[str]:
        """The classes of one split, sorted."""
        wnids = []
        for wnid in self.numbers:
            if self.split(wnid) == split:
                wnids.append(wnid)
        return sorted(wnids)


def ravi_members(tree: Tree, ravi: RaviSplit) -> dict[str, dict[str, str]]:
    """wnid -> image name in the CSVs -> file, of the image files that have such names."""
    found: dict[str, dict[str, str]] = {}
    for member in tree.names():
        match = _RAVI_NAME.fullmatch(member)
        if match is None:
            continue
        wnid = match["wnid"]
        if wnid in ravi.numbers:
            files = found.setdefault(wnid, {})
            files[match["image"]] = member
    return found


def check_n_images(
    label: str, wnid: str, n_images: int, ravi: RaviSplit, allow_missing: bool
) -> None:
    """Raises DataError when a source has too many or too few images of a class."""
    expected = len(ravi.names(wnid))
    fewest = expected
    if allow_missing:
        fewest = 1
    if not fewest <= n_images <= expected:
        raise DataError(
            f"{label}: class {wnid}: expected {expected} images, found {n_images}. "
            f"{GET_ALL}"
        )


def check_csv(file: SourceFile) -> str:
    """One sentence that says whether a CSV is one of Ravi's, for the record of a build.

    Raises DataError when it is a class list of Vinyals et al.
    """
    lines = file.lines()
    if lines[:1] == ["filename,class"]:
        raise DataError(
            f"{file.label}: is not this dataset: "
            f"expected a CSV of Ravi & Larochelle, "
            f"got a class list of Vinyals et al. (2016), which shares 6 of 100 classes. "
            f"Get Ravi & Larochelle's CSVs"
        )
    data = file.tree.read(file.name)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    split = _CSV_MD5.get(md5)
    if split is None:
        return f"{file.name}: differs from Ravi's lists and was not used"
    return f"{file.name}: is Ravi's list of split {split}, md5 as published"

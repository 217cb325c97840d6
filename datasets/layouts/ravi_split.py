"""The split of Ravi & Larochelle (2017): the ILSVRC2012 images in miniImageNet."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fewbench.documents import shown

from ..info import DataError
from .source_file import SourceFile

# Image files have such names in Ravi & Larochelle's CSVs: n0153282900000005.jpg.
_RAVI_NAME = re.compile(
    r"(?:.*/)?(?P<image>(?P<wnid>n\d{8})\d{8})\.(?:jpe?g|png)", re.IGNORECASE
)
GET_ALL = (
    "Get the complete data, or add --allow-missing to make a partial build of what is "
    "there"
)
# MD5 of each published CSV -> the split that the CSV lists.
_CSV_MD5 = {
    "9525e1538f67719f18f1936bf8d0782d": "train",
    "ce315ce99b41fbf84fa6acd69315d918": "val",
    "5b89df877c6cbe5d291e43118a2a9591": "test",
}


@dataclass(frozen=True)
class RaviSplit:
    """The images of ILSVRC2012 that form miniImageNet.

    A class is named by its wnid, the WordNet ID such as n01532829.
    numbers: wnid -> (split, image numbers); number k is the k-th image of the class in
        ILSVRC2012, counted from 1
    mapping_sha256: split -> sha256 of a text with one line for each image: its name in
        the CSVs, a tab, its file name in ILSVRC2012
    counts: wnid -> (least, greatest) possible number of images in ILSVRC2012
    """

    numbers: Mapping[str, tuple[str, tuple[int, ...]]]
    mapping_sha256: Mapping[str, str]
    counts: Mapping[str, tuple[int, int]]

    def split(self, wnid: str) -> str:
        """Return the split of a class: "train", "val" or "test"."""
        split, _ = self.numbers[wnid]
        return split

    def names(self, wnid: str) -> tuple[str, ...]:
        """Return the names of a class's images in the CSVs, e.g. n0153282900000005."""
        _, numbers = self.numbers[wnid]
        names = []
        for number in numbers:
            names.append(f"{wnid}{number:08d}")
        return tuple(names)

    def wnids_of(self, split: str) -> list[str]:
        """Return the wnids of the classes in a split, sorted."""
        wnids = []
        for wnid in self.numbers:
            if self.split(wnid) == split:
                wnids.append(wnid)
        return sorted(wnids)


def ravi_members(names: Iterable[str], ravi: RaviSplit) -> dict[str, dict[str, str]]:
    """Find the files whose names are image names of the CSVs.

    Returns for each wnid a dict: image name -> path of the file in the tree.

    names: the paths of all files in the tree
    """
    found: dict[str, dict[str, str]] = {}
    for member in names:
        match = _RAVI_NAME.fullmatch(member)
        if match is None:
            continue
        wnid = match["wnid"]
        if wnid in ravi.numbers:
            files = found.setdefault(wnid, {})
            files[match["image"]] = member
    return found


def check_single_files(label: str, names: Iterable[str], ravi: RaviSplit) -> None:
    """Raise DataError if two files have the name of the same image.

    label: the source, for messages
    names: the paths of all files in the source
    """
    seen: dict[str, str] = {}
    for member in names:
        match = _RAVI_NAME.fullmatch(member)
        if match is None or match["wnid"] not in ravi.numbers:
            continue
        image = match["image"]
        if image in seen:
            raise DataError(
                f"{label}: image {shown(image)}: expected one file of this name, got "
                f"{shown(seen[image])} and {shown(member)}. Move one of the two to "
                f"another folder, or name the folder or archive to use: --source PATH"
            )
        seen[image] = member


def check_n_images(
    label: str, wnid: str, n_images: int, ravi: RaviSplit, allow_missing: bool
) -> None:
    """Raise DataError if a class has more or fewer images than in the split list.

    allow_missing: whether fewer images are accepted, if there is at least one
    """
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
    """Return a sentence that says whether a CSV is a split list of Ravi & Larochelle.

    Raises DataError if the CSV is a class list of Vinyals et al. (2016).
    """
    lines = file.lines()
    if lines[:1] == ["filename,class"]:
        raise DataError(
            f"{file.label}: is not this dataset: expected a CSV of Ravi & Larochelle, "
            f"got a class list of Vinyals et al. (2016). Their miniImageNet shares "
            f"only 6 of the 100 classes. Get Ravi & Larochelle's CSVs"
        )
    data = file.tree.read(file.name)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    split = _CSV_MD5.get(md5)
    if split is None:
        return f"{file.name}: differs from Ravi's lists and was not used"
    return f"{file.name}: is Ravi's list of split {split}, md5 as published"

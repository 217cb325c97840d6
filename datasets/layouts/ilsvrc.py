"""ILSVRC2012's training set: class folders, or a tar with one tar for each class."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from fewbench.documents import shown

from ..archives.tree import Tree
from ..info import DataError, Source
from ..splits import read_classes

# File names are stored and printed. So they may have no line breaks and at most 200
# characters before the ending.
_IMAGE = r"[\w .()+-]{1,200}\.(?:jpe?g|png)"
_IMAGE_IN_FOLDER = re.compile(
    rf"(?:(.*)/)?(n\d{{8}})/(?:images/)?{_IMAGE}", re.IGNORECASE
)
_IMAGE_IN_TAR = re.compile(rf"(?:.*/)?{_IMAGE}", re.IGNORECASE)
CLASS_TAR = re.compile(r"(?:.*/)?(n\d{8})\.tar")
ILSVRC2012 = Source(
    "ILSVRC2012_img_train.tar",
    md5="1d675b47d978889d74fa0da5fadfb00e",
    by_hand="image-net.org gives it to those who register for non-commercial research",
)
MOST_IMAGES = 1300  # in one class


@dataclass(frozen=True)
class ClassFiles:
    """The image files of one class, sorted by the number in their names.

    All published lists count images in this order.
    wnid: WordNet ID of the class, such as n01532829
    tree: the archive or folder with the files
    members: the paths of the files in `tree`
    """

    wnid: str
    tree: Tree
    members: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The file names without their folders and endings."""
        return tuple(PurePosixPath(member).stem for member in self.members)


def find_classes(tree: Tree, wanted: Iterable[str]) -> dict[str, ClassFiles]:
    """Return wnid -> image files for each wanted class that the tree has.

    The tree has a folder or a tar for each class.
    wanted: wnids
    Raises DataError if a class is in two folders or two tars, or if the tar of a class
    is damaged.
    """
    wanted = set(wanted)
    folders = _class_folders(tree, wanted)
    found = _merged(tree, folders)
    for wnid, name in _class_tars(tree, wanted - found.keys()).items():
        files = _in_tar(tree, name, wnid)
        if files.members:
            found[wnid] = files
    return found


def check_count(wnid: str, n_images: int, fewest: int, most: int) -> None:
    """Raise DataError if a class has an impossible number of images.

    fewest, most: the least and the greatest possible number in ILSVRC2012
    """
    if fewest <= n_images <= most:
        return
    expected = str(most)
    if fewest < most:
        expected = f"{fewest} to {most}"
    raise DataError(
        f"class {wnid}: expected {expected} images as in ILSVRC2012, found {n_images}. "
        f"Files are missing or were added, so image numbers would point to "
        f"wrong images. Unpack {wnid}.tar again, or add --allow-missing to make a partial "
        f"build of what is there"
    )


def read_counts(wnids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return wnid -> (least, greatest) possible number of images in ILSVRC2012.

    Both numbers are 1,300 for most classes. For a smaller class only a lower bound is
    known, so its greatest number is 1,300, too.
    """
    smaller_classes = read_classes("ilsvrc2012_counts")
    counts = {}
    for wnid in wnids:
        fewest = MOST_IMAGES
        if wnid in smaller_classes:
            fewest = int(smaller_classes[wnid].facts)
        counts[wnid] = (fewest, MOST_IMAGES)
    return counts


# Path of a folder with class folders -> wnid -> paths of the images of this class.
_Folders = dict[str, dict[str, list[str]]]


def _class_folders(tree: Tree, wanted: set[str]) -> _Folders:
    folders: _Folders = {}
    for name in tree.names():
        match = _IMAGE_IN_FOLDER.fullmatch(name)
        if match is None:
            continue
        folder, wnid = match.groups("")
        if wnid in wanted:
            classes = folders.setdefault(folder, {})
            classes.setdefault(wnid, []).append(name)
    return _of_training(folders) or folders


def _of_training(folders: _Folders) -> _Folders:
    """Return only the folders whose path has a part called "train".

    Some copies of ILSVRC2012 also have the validation images in class folders.
    """
    training = {}
    for folder, classes in folders.items():
        if "train" in folder.split("/"):
            training[folder] = classes
    return training


def _merged(tree: Tree, folders: _Folders) -> dict[str, ClassFiles]:
    merged: dict[str, ClassFiles] = {}
    for folder, classes in folders.items():
        for wnid, members in classes.items():
            if wnid in merged:
                place = shown(folder or ".")
                raise DataError(
                    f"{tree.label}: class {wnid} lies in two folders, one of them is "
                    f"{place}. Name the folder to use: --source DIR"
                )
            in_order = _in_order(members)
            merged[wnid] = ClassFiles(wnid, tree, in_order)
    return merged


def _class_tars(tree: Tree, wanted: set[str]) -> dict[str, str]:
    """Return wnid -> name of its tar for each wanted class that has a tar.

    Raises DataError if a class has two tars.
    """
    tars: dict[str, str] = {}
    for name in tree.names():
        match = CLASS_TAR.fullmatch(name)
        if match is None or match[1] not in wanted:
            continue
        wnid = match[1]
        if wnid in tars:
            raise DataError(
                f"{tree.label}: class {wnid} has two tars: {shown(tars[wnid])} and "
                f"{shown(name)}. Name the folder or archive to use: --source PATH"
            )
        tars[wnid] = name
    return tars


def _in_tar(tree: Tree, name: str, wnid: str) -> ClassFiles:
    inner = tree.nested(name)
    members = filter(_IMAGE_IN_TAR.fullmatch, inner.names())
    in_order = _in_order(members)
    return ClassFiles(wnid, inner, in_order)


def _in_order(members: Iterable[str]) -> tuple[str, ...]:
    """Return paths sorted by the number in the file name, so that 7 precedes 10001."""
    in_order = sorted(members, key=_sort_key)
    return tuple(in_order)


def _sort_key(member: str) -> tuple[int, str]:
    """Return the number at the end of a file name (-1 if there is none), and the path."""
    stem = PurePosixPath(member).stem
    digits = stem.rpartition("_")[2]
    if digits.isdecimal() and digits.isascii():
        return int(digits), member
    return -1, member

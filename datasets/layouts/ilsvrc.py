"""ILSVRC2012's training set as people keep it: class folders, or the tar of one tar a class."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..archives.tree import Tree
from ..info import DataError, Source
from ..lookup import shown
from ..splits import read_classes

# Names go into the store and to terminals: no line breaks, nothing endless.
_PICTURE = r"[\w .()+-]{1,200}\.(?:jpe?g|png)"
_IMAGE = re.compile(rf"(?:(.*)/)?(n\d{{8}})/(?:images/)?{_PICTURE}", re.IGNORECASE)
_INNER = re.compile(rf"(?:.*/)?{_PICTURE}", re.IGNORECASE)
_TAR = re.compile(r"(?:.*/)?(n\d{8})\.tar")
ILSVRC2012 = Source(
    "ILSVRC2012_img_train.tar",
    md5="1d675b47d978889d74fa0da5fadfb00e",
    by_hand="image-net.org gives it to those who register for non-commercial research",
)
MOST = 1300  # no class has more images


@dataclass(frozen=True)
class ClassFiles:
    """The images of one class, ordered by the number in their names: what all mappings count in."""

    wnid: str
    tree: Tree
    members: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """File names without folder and ending."""
        return tuple(PurePosixPath(member).stem for member in self.members)


def find_classes(tree: Tree, wanted: Iterable[str]) -> dict[str, ClassFiles]:
    """wnid -> images of the wanted classes that lie in `tree`; empty when it is no such source.

    Raises DataError when a class lies in two folders, or its inner tar is damaged.
    """
    wanted = set(wanted)
    found = _class_folders(tree, wanted)
    for name in tree.names():
        match = _TAR.fullmatch(name)
        if match and match[1] in wanted and match[1] not in found:
            inner = tree.nested(name)
            members = _in_order(filter(_INNER.fullmatch, inner.names()))
            found[match[1]] = ClassFiles(match[1], inner, members)
    return {wnid: files for wnid, files in found.items() if files.members}


def check_count(wnid: str, n_images: int, fewest: int, most: int) -> None:
    """Raises DataError naming the class when ILSVRC2012 cannot have this many images of it."""
    if not fewest <= n_images <= most:
        expected = f"{most}" if fewest == most else f"{fewest} to {most}"
        raise DataError(
            f"class {wnid}: expected {expected} images as in ILSVRC2012, found {n_images}. Files "
            f"are missing or were added, so image numbers would point elsewhere: unpack "
            f"{wnid}.tar again; or build what is there with --allow-missing"
        )


def read_counts(wnids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """wnid -> (fewest, most) images in ILSVRC2012: a lower bound is known of the smaller classes"""
    fewer = {
        name: int(one.facts) for name, one in read_classes("ilsvrc2012_counts").items()
    }
    return {wnid: (fewer.get(wnid, MOST), MOST) for wnid in wnids}


def _class_folders(tree: Tree, wanted: set[str]) -> dict[str, ClassFiles]:
    folders: dict[str, dict[str, list[str]]] = {}
    for name in tree.names():
        match = _IMAGE.fullmatch(name)
        if match and match[2] in wanted:
            folders.setdefault(match[1] or "", {}).setdefault(match[2], []).append(name)
    # A copy with ILSVRC's validation images in class folders has them beside those of training.
    training = {
        place: found for place, found in folders.items() if "train" in place.split("/")
    }
    merged: dict[str, ClassFiles] = {}
    for place, found in (training or folders).items():
        for wnid, members in found.items():
            if wnid in merged:
                raise DataError(
                    f"{tree.label}: class {wnid} lies in two folders, {shown(place or '.')} is "
                    f"one. Name the one to use: --source DIR"
                )
            merged[wnid] = ClassFiles(wnid, tree, _in_order(members))
    return merged


def _in_order(members: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(members, key=lambda member: (_number(member), member)))


def _number(member: str) -> int:
    digits = PurePosixPath(member).stem.rpartition("_")[2]
    return int(digits) if digits.isdecimal() and digits.isascii() else -1

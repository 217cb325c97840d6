"""Which links in a folder are followed: those that lead to its own data.

These are links to files and folders inside it, links from `snapshots/` to `blobs/` of one
hub repository, and links to class folders, as `ln -s /data/train/n01532829 .` makes them.
"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from ..info import DataError
from .refusals import refusal

_LINK = "Replace it with a file, or remove it."
_IMAGES = (".jpg", ".jpeg", ".png")


class Links:
    """The links in the folder `path`, the root of a source.

    label: the source, for messages
    behind: the real paths of the folders to which links were followed
    """

    def __init__(self, path: Path, label: str) -> None:
        self._label = label
        self._inside = [path.resolve()]
        blobs = _blobs_of(self._inside[0])
        if blobs is not None:
            self._inside.append(blobs)
        self.behind: set[Path] = set()

    def check_file(self, child: "os.DirEntry[str]", name: str) -> None:
        """Raise DataError unless an entry is a file, or a link to a file of the source.

        name: the path of the entry in the source
        """
        if not child.is_file():
            raise self._refusal(name, "a link to nothing, a device or a pipe", _LINK)
        if child.is_symlink() and not self._is_inside(Path(child.path).resolve()):
            raise self._leads_outside(name)

    def follow(self, link: Path, name: str, above: Sequence[Path]) -> Path:
        """Return the real path of the folder to which a link leads.

        above: the real paths of the folders that hold the link
        Raises DataError if the link makes a loop, leads to the folder of another link, or
        leads outside to something else than a class folder.
        """
        target = link.resolve()
        if any(one.is_relative_to(target) for one in above):
            raise self._refusal(name, "a link to a folder that holds it", _LINK)
        if target in self.behind:
            what = "a second link to the same folder"
            raise self._refusal(name, what, "Remove one of the two.")
        is_class = target.name == link.name and _holds_only_images(target)
        if not is_class and not self._is_inside(target):
            raise self._leads_outside(name)
        self.behind.add(target)
        return target

    def _is_inside(self, target: Path) -> bool:
        return any(target.is_relative_to(folder) for folder in self._inside)

    def _leads_outside(self, name: str) -> DataError:
        source = shlex.quote(self._label)
        return self._refusal(
            name,
            "a link that leads outside the folder",
            f"To copy the source with what its links lead to: cp -rL {source} COPY; then "
            f"use COPY",
        )

    def _refusal(self, name: str, got: str, advice: str) -> DataError:
        return refusal(
            self._label,
            repr(name),
            expected="a file or a folder of this source",
            got=got,
            advice=advice,
        )


def _blobs_of(path: Path) -> Path | None:
    """Return the folder blobs/ of the hub repository in whose snapshots/ a folder lies."""
    for folder in (path, *path.parents):
        if folder.name == "snapshots":
            return folder.parent / "blobs"
    return None


def _holds_only_images(folder: Path) -> bool:
    with os.scandir(folder) as children:
        for child in children:
            is_image = child.name.lower().endswith(_IMAGES)
            if not is_image or not child.is_file(follow_symlinks=False):
                return False
    return True

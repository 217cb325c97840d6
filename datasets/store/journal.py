"""Keep the journal of an unfinished build: a file with a line for each written class.

With the journal, the next run resumes after the last finished class.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fewbench.documents import fit, parse_json, read_bytes
from fewbench.files import write_text

from ..images.origins import Origins
from ..info import DatasetInfo, Listing
from .versions import installed_version

JOURNAL = "journal.jsonl"
# The line for the frame of a split (its file without the pixels) has no class name.
_FRAME = ""
# (split, class name) -> digest
_Digests = dict[tuple[str, str], str]
_Origins = dict[tuple[str, str], Origins]
# split, class name, digest, and what the image files were like. Frames, and the lines of
# earlier versions, end after the digest.
_LINE = TypeAdapter(tuple[str, str, str] | tuple[str, str, str, Origins])


class Journal:
    """The record of the classes that an unfinished build has written completely.

    The journal is not trusted as proof that the classes are intact. Before a split file
    is finished, every class is read back and compared with its digest. Create a journal
    with `Journal.resume`.

    folder: folder of the unfinished build, which contains the file journal.jsonl
    finished: (split, class name) -> sha256 of the class
    origins: (split, class name) -> what the image files of the class were like; missing
        for a class without image files, or of an earlier version
    frames: split -> sha256 of everything in the split file except the pixels
    """

    def __init__(
        self,
        folder: Path,
        outline: str,
        recorded: _Digests,
        origins: _Origins,
    ) -> None:
        self.folder = folder
        self.finished: _Digests = {}
        self.origins = origins
        self.frames: dict[str, str] = {}
        for (split, name), digest in recorded.items():
            if name == _FRAME:
                self.frames[split] = digest
            else:
                self.finished[split, name] = digest
        self._outline = outline
        self._path = folder / JOURNAL
        # The last line may be incomplete if the earlier build was killed.
        self._write()

    @classmethod
    def resume(cls, folder: Path, outline: str) -> "Journal":
        """Return the journal in `folder`, or a new journal if no class can be resumed.

        A new journal is returned if the old one is missing, damaged or of another build.
        The folder is then emptied.
        outline: the hash that identifies the build, from `outline_of`
        """
        path = folder / JOURNAL
        recorded, origins = _read(path, outline)
        if not recorded and folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, outline, recorded, origins)

    def add(
        self, split: str, name: str, digest: str, origins: Origins | None = None
    ) -> None:
        """Record that a class is written completely.

        digest: of the class
        origins: what its image files were like; None or empty if it has none
        """
        self.finished[split, name] = digest
        if origins:
            self.origins[split, name] = origins
        line = _line(split, name, digest, origins)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    def frame(self, split: str, digest: str) -> None:
        """Record the digest of everything in a split file except the pixels."""
        self.frames[split] = digest
        self._write()

    def forget(self, split: str) -> None:
        """Remove all records of a split: its classes and the digest of its file."""
        for key in list(self.finished):
            recorded_split, _ = key
            if recorded_split == split:
                del self.finished[key]
                self.origins.pop(key, None)
        self.frames.pop(split, None)
        self._write()

    def _write(self) -> None:
        lines = [_head(self._outline)]
        for split, digest in self.frames.items():
            line = _line(split, _FRAME, digest)
            lines.append(line)
        for (split, name), digest in self.finished.items():
            line = _line(split, name, digest, self.origins.get((split, name)))
            lines.append(line)
        text = "".join(lines)
        write_text(self._path, text)

    def origins_of(self, split: str) -> Origins:
        """Return what the image files of a split were like."""
        joined = Origins()
        for (recorded_split, _), origins in self.origins.items():
            if recorded_split == split:
                joined.join(origins)
        return joined

    @staticmethod
    def close(folder: Path) -> None:
        """Remove the journal file from a finished build."""
        path = folder / JOURNAL
        path.unlink(missing_ok=True)


def outline_of(info: DatasetInfo, listing: Listing) -> str:
    """Return a hash that identifies a build, so that only the same build is resumed.

    The hash covers the dataset, its image shape and resampling, the class and image
    names, the source files, and the versions of fewbench, numpy and pillow.
    """
    head = [
        info.name,
        info.image_shape,
        listing.layout,
        listing.resampling,
        listing.stamp,
        listing.partial,
        installed_version("fewbench"),
        installed_version("numpy"),
        installed_version("pillow"),
    ]
    digest = hashlib.sha256(json.dumps(head).encode())
    for one in listing.classes:
        names = [
            one.split,
            one.name,
            one.category,
            *one.image_names,
        ]
        digest.update(json.dumps(names).encode())
    return digest.hexdigest()


def _read(path: Path, outline: str) -> tuple[_Digests, _Origins]:
    """Read the digests in a journal file, and what the image files were like.

    Empty if the file is missing or damaged, or if it belongs to another build.
    """
    try:
        # A last line without a line break is incomplete, so it is dropped.
        head, *lines = read_bytes(path).split(b"\n")[:-1]
        if parse_json(head) != {"plan": outline}:
            return {}, {}
        recorded: _Digests = {}
        all_origins: _Origins = {}
        for line in lines:
            split, name, digest, *origins = fit(parse_json(line), _LINE)
            recorded[split, name] = digest
            for one in origins:
                all_origins[split, name] = one
        return recorded, all_origins
    except (OSError, ValueError):  # ValueError: there is no line, or a damaged one
        return {}, {}


def _head(outline: str) -> str:
    head = json.dumps({"plan": outline})
    return f"{head}\n"


def _line(split: str, name: str, digest: str, origins: Origins | None = None) -> str:
    items: list[Any] = [split, name, digest]
    if origins:
        items.append(origins.document())
    line = json.dumps(items)
    return f"{line}\n"

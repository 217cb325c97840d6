"""The journal of an unfinished build: a line for each class that is written.

With it, the next run resumes after the last finished class.
"""

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

from fewbench.files import write_text

from ..info import DatasetInfo, Listing

_FILE = "journal.jsonl"
# Stands in place of a class name in the line of a split's frame.
_FRAME = ""
# (split, class name) -> digest
_Digests = dict[tuple[str, str], str]


class Journal:
    """Which classes in `folder` are written completely, and the digest of each.

    The journal only says where to resume. Before a split is sealed, every class is read
    back and compared. Create it with `Journal.resume`.

    finished: (split, class name) -> digest of the class
    frames: split -> digest of its file without the pixels
    """

    def __init__(
        self,
        folder: Path,
        outline: str,
        recorded: _Digests,
    ) -> None:
        self.folder = folder
        self.finished: _Digests = {}
        self.frames: dict[str, str] = {}
        for (split, name), digest in recorded.items():
            if name == _FRAME:
                self.frames[split] = digest
            else:
                self.finished[split, name] = digest
        self._outline = outline
        self._path = folder / _FILE
        # The last line may be incomplete if the earlier build was killed.
        self._write()

    @classmethod
    def resume(cls, folder: Path, outline: str) -> "Journal":
        """The journal in `folder` if it was written for this outline, else an empty one.

        Starting with an empty journal also empties the folder.
        """
        path = folder / _FILE
        recorded = _read(path, outline)
        if not recorded and folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, outline, recorded)

    def add(self, split: str, name: str, digest: str) -> None:
        """Record that a class is written."""
        self.finished[split, name] = digest
        line = _line(split, name, digest)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    def frame(self, split: str, digest: str) -> None:
        """Record the digest of a split's file without its pixels."""
        self.frames[split] = digest
        self._write()

    def forget(self, split: str) -> None:
        """Remove everything that was recorded for a split."""
        for key in list(self.finished):
            recorded_split, _ = key
            if recorded_split == split:
                del self.finished[key]
        self.frames.pop(split, None)
        self._write()

    def _write(self) -> None:
        lines = [_head(self._outline)]
        for split, digest in self.frames.items():
            line = _line(split, _FRAME, digest)
            lines.append(line)
        for (split, name), digest in self.finished.items():
            line = _line(split, name, digest)
            lines.append(line)
        text = "".join(lines)
        write_text(self._path, text)

    @staticmethod
    def close(folder: Path) -> None:
        """Remove the journal of a build that is complete and has its final name."""
        path = folder / _FILE
        path.unlink(missing_ok=True)


def outline_of(info: DatasetInfo, listing: Listing) -> str:
    """A hash of what a build will write, from which source and with which versions.

    Only a build with the same outline can be resumed.
    """
    head = [
        info.name,
        info.image_shape,
        listing.layout,
        listing.resampling,
        listing.stamp,
        listing.partial,
        version("fewbench"),
        version("numpy"),
        version("pillow"),
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


def _read(path: Path, outline: str) -> _Digests:
    """What a journal recorded; empty if it is missing, damaged or of another outline."""
    try:
        text = path.read_text(encoding="utf-8")
        # What follows the last line break was cut off.
        head, *lines = text.split("\n")[:-1]
        if json.loads(head) != {"plan": outline}:
            return {}
        recorded: _Digests = {}
        for line in lines:
            split, name, digest = json.loads(line)
            recorded[split, name] = digest
        return recorded
    except (OSError, ValueError, TypeError):
        return {}


def _head(outline: str) -> str:
    head = json.dumps({"plan": outline})
    return f"{head}\n"


def _line(split: str, name: str, digest: str) -> str:
    line = json.dumps([split, name, digest])
    return f"{line}\n"

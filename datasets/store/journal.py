"""What an unfinished build has finished: one line for each class, so that the next run goes on."""

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

from ..files import write_text
from ..info import DatasetInfo, Listing

_FILE = "journal.jsonl"
_FRAME = ""  # stands in place of a class name


class Journal:
    """The classes that stand complete in `folder`, each with the digest of what was written.

    Lines are trusted only for what to do next: before a split is sealed, every class is read back
    and compared. `Journal.resume` empties the folder unless it belongs to the very same plan.
    frames: split -> digest of its file without the pixels
    """

    def __init__(
        self, folder: Path, plan: str, noted: dict[tuple[str, str], str]
    ) -> None:
        self.folder = folder
        self.finished = {
            key: digest for key, digest in noted.items() if key[1] != _FRAME
        }
        self.frames = {
            split: digest for (split, name), digest in noted.items() if name == _FRAME
        }
        self._plan = plan
        self._path = folder / _FILE
        self._write_anew()  # the last line may have been cut off by what stopped the build

    @classmethod
    def resume(cls, folder: Path, plan: str) -> "Journal":
        """The journal in `folder` if it was written for `plan`, else an empty one."""
        noted = _read(folder / _FILE, plan)
        if not noted and folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, plan, noted)

    def add(self, split: str, name: str, digest: str) -> None:
        """Note that a class is on disk."""
        self.finished[split, name] = digest
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([split, name, digest]) + "\n")

    def frame(self, split: str, digest: str) -> None:
        """Note what a split's file is without its pixels."""
        self.frames[split] = digest
        self._write_anew()

    def forget(self, split: str) -> None:
        """Take back what was noted of a split."""
        self.finished = {
            key: digest for key, digest in self.finished.items() if key[0] != split
        }
        self.frames.pop(split, None)
        self._write_anew()

    def _write_anew(self) -> None:
        noted = {
            (split, _FRAME): digest for split, digest in self.frames.items()
        } | self.finished
        lines = [json.dumps({"plan": self._plan})]
        lines += [json.dumps([*key, digest]) for key, digest in noted.items()]
        write_text(self._path, "".join(line + "\n" for line in lines))

    @staticmethod
    def close(folder: Path) -> None:
        """Remove the journal of a build that is complete and has its final name."""
        (folder / _FILE).unlink(missing_ok=True)


def plan_of(info: DatasetInfo, listing: Listing) -> str:
    """What a build is going to write, from what, and with which versions, as one hash."""
    digest = hashlib.sha256()
    head = [
        info.name,
        info.image_shape,
        listing.form,
        listing.resampling,
        listing.stamp,
    ]
    versions = [version(name) for name in ("fewbench", "numpy", "pillow")]
    digest.update(json.dumps([*head, listing.partial, *versions]).encode())
    for one in listing.classes:
        digest.update(
            json.dumps([one.split, one.name, one.category, *one.image_names]).encode()
        )
    return digest.hexdigest()


def _read(path: Path, plan: str) -> dict[tuple[str, str], str]:
    try:
        head, *lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        if json.loads(head) != {"plan": plan}:
            return {}
        return {(split, name): digest for split, name, digest in map(json.loads, lines)}
    except (OSError, ValueError, TypeError):
        return {}

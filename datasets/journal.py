"""What an unfinished build has finished: one line for each class, so that the next run goes on."""

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

from .info import DatasetInfo, Listing

_FILE = "journal.jsonl"


class Journal:
    """The classes that stand complete in `folder`, each with the digest of what was written.

    Lines are trusted only for what to do next: before a split is sealed, every class is read back
    and compared. `Journal.resume` empties the folder unless it belongs to the very same plan.
    """

    def __init__(self, folder: Path, plan: str, finished: dict[tuple[str, str], str]) -> None:
        self.folder = folder
        self.finished = finished
        self._path = folder / _FILE
        # Written anew: the last line may have been cut off by what stopped the build.
        lines = [json.dumps({"plan": plan})]
        lines += [json.dumps([*key, digest]) for key, digest in finished.items()]
        self._path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    @classmethod
    def resume(cls, folder: Path, plan: str) -> "Journal":
        """The journal in `folder` if it was written for `plan`, else an empty one."""
        finished = _read(folder / _FILE, plan)
        if not finished and folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, plan, finished)

    def add(self, split: str, name: str, digest: str) -> None:
        """Note that a class is on disk."""
        self.finished[split, name] = digest
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([split, name, digest]) + "\n")

    def forget(self, split: str) -> None:
        """Take back what was noted of a split."""
        self.finished = {key: digest for key, digest in self.finished.items() if key[0] != split}

    def close(self) -> None:
        """Remove the journal: the build is complete."""
        self._path.unlink()


def plan_of(info: DatasetInfo, listing: Listing) -> str:
    """What a build is going to write, from what, and with which versions, as one hash."""
    digest = hashlib.sha256()
    head = [info.name, info.image_shape, listing.form, listing.resampling, listing.stamp]
    versions = [version(name) for name in ("fewbench", "numpy", "pillow")]
    digest.update(json.dumps([*head, listing.partial, *versions]).encode())
    for one in listing.classes:
        digest.update(json.dumps([one.split, one.name, one.category, *one.image_names]).encode())
    return digest.hexdigest()


def _read(path: Path, plan: str) -> dict[tuple[str, str], str]:
    try:
        head, *lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        if json.loads(head) != {"plan": plan}:
            return {}
        return {(split, name): digest for split, name, digest in map(json.loads, lines)}
    except (OSError, ValueError, TypeError):
        return {}

"""The folder that all processes of a grid share: its files are the only truth.

    training/ features/ answers/ result/   published files: <kind>/<first two digits>/<id>
    attempts/<id>/<number>/                what one attempt at a task has written so far
    locks/<id>                             held by the process that works on the task
    log/                                   what each process did: a line of JSON for a task

No bytes depend on the locks: they only keep two processes from doing the same work. If
they do it nevertheless, the first file that is complete is published, and the second one
has to be equal.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fewbench.documents import shown
from fewbench.errors import UserError
from fewbench.files import check_file_places, check_folder_places, file_digest
from fewbench.folders import remove_tree
from fewbench.locks import exclusive

from .task import SUFFIXES, Task

# The folder with the results of a grid.
RESULTS = "results"
# File systems without hard links answer with one of these.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV}
_MOST_DIGITS = 12  # of the number of an attempt


class DifferentCopies(UserError):
    """Two attempts at the same task made different bytes. Both files are kept."""


@dataclass(frozen=True)
class Place:
    """The shared folder of some work, and where the datasets are.

    root: the folder with the built datasets; None for the default folder of `data_root`
    mixed: whether machines that compute in other ways may take part
    """

    folder: Path
    root: Path | None = None
    mixed: bool = False

    def file(self, task: Task) -> Path:
        """Return where the published file of a task is or will be."""
        name = f"{task.id}{SUFFIXES[task.kind]}"
        return self.folder / task.kind / task.id[:2] / name

    def is_done(self, task: Task) -> bool:
        """Return whether the file of a task is published."""
        return self.file(task).is_file()

    def attempts(self, task: Task) -> list[Path]:
        """Return the folders of the attempts at a task so far, the newest one first."""
        folder = self.folder / "attempts" / task.id
        if not folder.exists():
            return []
        numbered = [path for path in folder.iterdir() if _is_number(path.name)]
        return sorted(numbered, reverse=True)

    def check_folders(self) -> None:
        """Raise UserError if something else has the name of a folder of the work.

        Every task would fail, however often it is tried.
        """
        names = (*SUFFIXES, "attempts", "locks", "log")
        check_folder_places(*(self.folder / name for name in names))

    def new_attempt(self, task: Task) -> Path:
        """Make and return the folder of a new attempt at a task.

        Raises UserError if its file could not be published, since something else is there.
        """
        check_file_places(self.file(task))
        parent = self.folder / "attempts" / task.id
        parent.mkdir(parents=True, exist_ok=True)
        number = 1
        for earlier in self.attempts(task):
            number = max(number, int(earlier.name) + 1)
        while True:
            attempt = parent / f"{number:06d}"
            try:
                attempt.mkdir()
            except FileExistsError:
                # Another process was faster.
                number += 1
            else:
                return attempt

    def forget_attempts(self, task: Task) -> None:
        """Remove the folders of all attempts at a task, which is done."""
        remove_tree(self.folder / "attempts" / task.id)

    @contextmanager
    def locked(self, task: Task) -> Iterator[None]:
        """Keep other processes from working on a task during the `with` block.

        Raises Busy if another process is working on it.
        """
        locks = self.folder / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with exclusive(locks / task.id, f"doing this task already ({task.title})"):
            yield

    def publish(self, task: Task, made: Path) -> Path:
        """Give a complete file its final name, and return its path.

        If the task has a published file, it stays, and `made` is compared with it.

        made: the file, in the folder of an attempt
        Raises DifferentCopies if the published file has other bytes. Both are kept.
        """
        final = self.file(task)
        final.parent.mkdir(parents=True, exist_ok=True)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        try:
            _link(made, final)
        except FileExistsError:
            self.compare(task, made)
        return final

    def compare(self, task: Task, made: Path) -> None:
        """Compare a file with the published one, if the task has one.

        Raises DifferentCopies if they have other bytes.
        """
        final = self.file(task)
        if final.is_file() and file_digest(made, "sha256") != file_digest(
            final, "sha256"
        ):
            raise DifferentCopies(
                f"{task.title}: two attempts made different bytes: expected those of "
                f"{shown(final, 400)}, got {shown(made, 400)}. Both files are kept. Find "
                f"out which machine computes in another way, delete the file that is "
                f"wrong, then type the same command again"
            )


def _is_number(name: str) -> bool:
    # A superscript is a digit too, and a folder of somebody else may have any name.
    return name.isascii() and name.isdecimal() and len(name) < _MOST_DIGITS


def _link(made: Path, final: Path) -> None:
    """Give a file a second name. Raise FileExistsError if the name is taken."""
    try:
        os.link(made, final)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy(made, final)


def _copy(made: Path, final: Path) -> None:
    """Copy a file to a name that must be free, on a file system without hard links."""
    partial = made.with_name(f"{made.name}.copy")
    shutil.copyfile(made, partial)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    lock = final.with_name(f"{final.name}.lock")
    with exclusive(lock, f"publishing {final}", wait=True):
        if final.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
        partial.replace(final)

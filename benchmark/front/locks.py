"""Let one process at a time write a folder or a file, and say which process that is.

The operating system releases a lock when its owner ends, even if the owner is killed.
If the system or the file system has no locks, a file with the owner's process number is
used as a lock. The next process removes the file if the owner has ended.
"""

import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from .documents import DocumentError, parse_json, read_bytes, shown
from .errors import UserError
from .files import check_file_places, is_in_place

_MOST_BYTES = 1 << 16
_LONGEST_COMMAND = 200
_SECONDS_BETWEEN_TRIES = 0.1


class Busy(UserError):
    """Another process holds the lock on a file or folder at this moment."""


class _NoLocks(Exception):
    """The system or the file system has no locks."""


@dataclass(frozen=True)
class _Owner:
    """The process that holds a lock. Fields are empty or 0 if they are not known."""

    pid: int = 0
    host: str = ""
    since: str = ""
    command: str = ""

    def __str__(self) -> str:
        if not self.pid:
            return "another process"
        place = f"process {self.pid} on {shown(self.host)}"
        return f"{place}, since {shown(self.since)}: {shown(self.command, 200)}"

    @property
    def is_gone(self) -> bool:
        """Whether the process has certainly ended.

        This is False if it cannot be known, for example for a process on another machine.
        """
        if os.name == "nt" or self.pid < 1 or self.host != platform.node():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False


@contextmanager
def exclusive(lock: Path, doing: str, *, wait: bool = False) -> Iterator[None]:
    """Lock a file during the `with` block, so that only one process does the work.

    The file is removed at the end.
    doing: the work of the owner, for the error message, such as "building omniglot"
    wait: whether to wait until the lock is free
    Raises Busy, with the owner of the lock, if the lock is taken and `wait` is False.
    Raises UserError if a pipe, a link or a folder is in the place of the lock.
    """
    taken = _take(lock, doing, wait)
    try:
        yield
    finally:
        taken.release()


@contextmanager
def only_writer_of(file: Path) -> Iterator[None]:
    """Lock a file that is to be written, or a folder, during the `with` block.

    The lock lies beside it. The folder that holds both is created if it is missing.
    Raises Busy if another process has locked it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(file.with_name(f".{file.name}.lock"), f"writing {file}"):
        yield


@contextmanager
def only_writer(folder: Path, doing: str) -> Iterator[None]:
    """Lock a folder during the `with` block. Create the folder if it is missing.

    A folder that was created here and is still empty at the end is removed.
    Raises Busy if another process has locked the folder.
    """
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with exclusive(folder / ".lock", doing):
            yield
    finally:
        if is_new:
            with suppress(OSError):  # it holds files
                folder.rmdir()


class _FileLock:
    """A lock of the operating system on a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # It is written: a link would lead to another file, which would be lost.
        check_file_places(path, links=False)
        self._file = path.open("a+b")

    def take(self) -> bool:
        """Try to take the lock. Return whether this process has it now.

        Raises _NoLocks if the system or the file system has no locks.
        """
        try:
            import fcntl  # Windows does not have this module.

            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            return False
        except (ImportError, OSError):
            self._file.close()
            self.path.unlink(missing_ok=True)
            raise _NoLocks from None
        # The last owner may have removed the file after it was opened here.
        if not is_in_place(self._file, self.path):
            self._file.close()
            return False
        try:
            self._file.truncate(0)
            self._file.write(_this_process())
            self._file.flush()
        except OSError:
            # The disk is full. Closing the file tries to write again.
            with suppress(OSError):
                self.release()
            raise
        return True

    def release(self) -> None:
        """Remove the file, then free the lock."""
        self.path.unlink(missing_ok=True)
        self._file.close()


class _OwnerFile:
    """A file that is used as a lock if the system or the file system has no locks."""

    def __init__(self, lock: Path) -> None:
        self.path = lock.with_name(f"{lock.name}.pid")

    def take(self) -> bool:
        """Try to create the file. Return whether it was created."""
        if _owner_in(self.path).is_gone:
            self.path.unlink(missing_ok=True)
        try:
            with self.path.open("xb") as file:
                file.write(_this_process())
        except FileExistsError:
            return False
        except OSError:
            # The disk is full.
            self.release()
            raise
        return True

    def release(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


def _take(lock: Path, doing: str, wait: bool) -> _FileLock | _OwnerFile:
    """Take a lock. Raises Busy if another process has it and `wait` is False."""
    while True:
        one = _FileLock(lock)
        try:
            is_taken = one.take()
        except _NoLocks:
            one = _OwnerFile(lock)
            is_taken = one.take()
        if is_taken:
            return one
        if not wait and one.path.exists():
            raise _busy(one.path, doing)
        time.sleep(_SECONDS_BETWEEN_TRIES)


def _busy(path: Path, doing: str) -> Busy:
    advice = "Wait until that process has finished, then type the same command again."
    if path.suffix == ".pid":
        advice += f" If there is no such process any more, delete {path}"
    owner = _owner_in(path)
    if not owner.pid:
        # It may have taken the lock just now, and not have written who it is.
        time.sleep(_SECONDS_BETWEEN_TRIES)
        owner = _owner_in(path)
    return Busy(f"another process is {doing} ({owner}). {advice}")


def _this_process() -> bytes:
    now = datetime.now(UTC)
    program = Path(sys.argv[0]).name
    owner = _Owner(
        pid=os.getpid(),
        host=platform.node(),
        since=now.isoformat(timespec="seconds"),
        command=shlex.join([program, *sys.argv[1:]])[:_LONGEST_COMMAND],
    )
    return json.dumps(asdict(owner)).encode()


def _owner_in(path: Path) -> _Owner:
    """Read the owner from a file; an unknown owner if the file is missing or damaged."""
    try:
        document = parse_json(read_bytes(path, _MOST_BYTES))
    except (OSError, DocumentError):
        return _Owner()
    if not isinstance(document, dict):
        return _Owner()
    values = {}
    for field in fields(_Owner):
        value = document.get(field.name)
        if isinstance(value, type(field.default)):
            values[field.name] = value
    return _Owner(**values)

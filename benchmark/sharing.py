"""Let several processes write one folder, as long as they do the same work.

Each of them holds a lock in the folder `in-use`, whose name begins with the id of its work.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from fewbench.locks import Busy, exclusive

IN_USE = "in-use"


@contextmanager
def working_in(folder: Path, work: str, what: str) -> Iterator[None]:
    """Keep other work out of a folder during the `with` block. Create the folder.

    Other processes may do the same work there at the same time.

    work: the id of the work, which has no hyphen
    what: the kind of work, for the error message, such as "another grid"
    Raises Busy if another process does other work there.
    """
    with ExitStack() as stack:
        with _alone(folder):
            _refuse_other_work(folder, work, what)
            name = f"{work}-{os.getpid()}-{uuid.uuid4().hex}"
            lock = folder / IN_USE / name
            lock.parent.mkdir(exist_ok=True)
            stack.enter_context(exclusive(lock, f"working in {folder}"))
        try:
            yield
        finally:
            with _alone(folder):
                stack.close()
                with suppress(OSError):  # it holds the locks of others
                    (folder / IN_USE).rmdir()


def is_worked_in(folder: Path) -> bool:
    """Return whether a process works in a folder."""
    return any(_is_held(lock) for lock in _locks(folder))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other process begin to work in a folder during the `with` block."""
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / ".in-use.lock", f"looking at {folder}", wait=True):
        yield


def _refuse_other_work(folder: Path, work: str, what: str) -> None:
    """Raise Busy if a process does other work. Remove the locks of processes that ended."""
    for lock in _locks(folder):
        if lock.name.partition("-")[0] == work:
            _is_held(lock)
            continue
        with exclusive(lock, f"doing {what} in {folder}"):
            pass


def _is_held(lock: Path) -> bool:
    """Return whether a process holds a lock. Remove it otherwise."""
    try:
        with exclusive(lock, "looking at a lock"):
            return False
    except Busy:
        return True


def _locks(folder: Path) -> list[Path]:
    """Return the locks of all processes that work in a folder, or that died there."""
    found = []
    for path in (folder / IN_USE).glob("*"):
        name = path.name.removesuffix(".pid")
        found.append(path.with_name(name))
    return sorted(set(found))

"""The cache of stored features: bounded, and emptied from the entry that was not used longest.

    <cache>/features/<id>/   an entry: the folder that `fewbench embed` writes without --out

An entry has a file MARK, whose time is that of its last use. An entry in which a process
works, to read or to write it, is not removed; see `working_in`. Only files with names that
fewbench gives are removed.
"""

import os
import re
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from fewbench.documents import shown
from fewbench.errors import UserError
from fewbench.files import home_path
from fewbench.locks import exclusive

from ..baselines.learner import BaselineError
from .feature_file import FeatureFile, read_feature_file
from .sharing import is_worked_in, working_in

MARK = ".fewbench"
_DEFAULT_LIMIT = "20 GB"
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([KMGT]?B?)", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{64}")
_OWN_FILES = re.compile(
    r"(features|conditions)\.json(\.partial)?|\.fewbench|\.lock(\.pid)?"
    r"|features/[0-9a-f]{2}/[0-9a-f]{64}\.npy(\.lock)?(\.pid)?"
    r"|attempts/[0-9a-f]{64}/\d+/features\.npy(\.copy)?"
    r"|locks/[0-9a-f]{64}(\.pid)?"
    r"|log/[^/]+\.jsonl"
    r"|in-use/([0-9a-f]{64}-)?\d+-[0-9a-f]{32}(\.pid)?|\.in-use\.lock(\.pid)?"
)


@dataclass(frozen=True)
class CacheEntry:
    """An entry of the cache.

    file: its document; None if it is not finished or damaged
    n_bytes: the size of all its files
    used: the time of its last use
    """

    id: str
    folder: Path
    file: FeatureFile | None
    n_bytes: int
    used: datetime

    @property
    def is_in_use(self) -> bool:
        """Whether a process is reading or writing the entry."""
        return is_worked_in(self.folder)


class FeatureCache:
    """The cache of stored features in a folder.

    folder: the folder of all entries
    limit: the largest size of all entries, in bytes
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit

    @classmethod
    def of_user(cls) -> "FeatureCache":
        """Return the user's cache: in $FEWBENCH_CACHE, or else in the user's cache folder.

        Its limit is $FEWBENCH_CACHE_LIMIT, or else 20 GB.
        Raises UserError if the limit is no size.
        """
        chosen = os.environ.get("FEWBENCH_CACHE")
        root = platformdirs.user_cache_path("fewbench")
        if chosen:
            root = home_path(chosen, "FEWBENCH_CACHE")
        limit = size_of(os.environ.get("FEWBENCH_CACHE_LIMIT") or _DEFAULT_LIMIT)
        return cls(root.absolute() / "features", limit)

    def entry_folder(self, entry_id: str) -> Path:
        """Return the folder of the entry with this id, which may be missing."""
        return self.folder / entry_id

    def entries(self) -> list[CacheEntry]:
        """Return all entries, the one that was not used longest first."""
        if not self.folder.is_dir():
            return []
        found = []
        for folder in self.folder.iterdir():
            is_entry = _ID.fullmatch(folder.name) and (folder / MARK).is_file()
            if is_entry and not folder.is_symlink():
                with suppress(FileNotFoundError):  # another process removed it just now
                    found.append(_entry(folder))
        return sorted(found, key=lambda entry: (entry.used, entry.id))

    def make_room(self, entry_id: str, n_bytes: int) -> list[CacheEntry]:
        """Remove old entries until an entry of this size fits. Return the removed ones.

        entry_id: the id of the entry, which stays if it is there
        Raises UserError if it does not fit: nothing is removed then.
        """
        self._refuse_too_large(n_bytes)
        others = [entry for entry in self.entries() if entry.id != entry_id]
        too_much = sum(entry.n_bytes for entry in others) + n_bytes - self.limit
        chosen = []
        for entry in others:
            if too_much > 0 and not entry.is_in_use:
                chosen.append(entry)
                too_much -= entry.n_bytes
        if too_much > 0:
            raise UserError(
                f"{self.folder}: the cache is full: expected room for "
                f"{in_words(n_bytes)}, got {in_words(max(0, n_bytes - too_much))}, since "
                f"other processes use the rest. Choose a folder with --out, or set a larger "
                f"limit: FEWBENCH_CACHE_LIMIT={_larger(self.limit + too_much)}"
            )
        return [entry for entry in chosen if self.remove(entry)]

    def remove(self, entry: CacheEntry) -> bool:
        """Remove the files of an entry. Return False if a process uses it.

        Files that fewbench did not write stay, with their folders.
        """
        with self._locked():
            if entry.is_in_use:
                return False
            _remove_own_files(entry.folder)
        return True

    @contextmanager
    def using(self, folder: Path) -> Iterator[None]:
        """Keep an entry during the `with` block, and note that it is used now.

        An entry that is still empty at the end is removed.
        folder: the folder of the entry; nothing is done for any other folder
        """
        folder = folder.absolute()
        if folder.parent != self.folder or not _ID.fullmatch(folder.name):
            yield
            return
        stack = ExitStack()
        with self._locked():
            work = working_in(folder, folder.name, "other work")
            stack.enter_context(work)
            (folder / MARK).touch()
        try:
            yield
        finally:
            with self._locked():
                stack.close()
                if _is_empty(folder) and not is_worked_in(folder):
                    _remove_own_files(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let no other process begin to use or remove an entry during the `with` block."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = self.folder / ".lock"
        with exclusive(lock, f"changing {self.folder}", wait=True):
            yield

    def _refuse_too_large(self, n_bytes: int) -> None:
        if n_bytes > self.limit:
            raise UserError(
                f"{self.folder}: the features are larger than the cache may be: expected at "
                f"most {in_words(self.limit)}, got {in_words(n_bytes)}. Choose a folder "
                f"with --out, or set a larger limit: "
                f"FEWBENCH_CACHE_LIMIT={_larger(n_bytes)}"
            )


def use_as_long_as(user: object, folder: Path) -> None:
    """Keep an entry of the user's cache as long as an object exists. See `FeatureCache.using`.

    user: what reads the entry, such as a learner
    """
    stack = ExitStack()
    stack.enter_context(FeatureCache.of_user().using(folder))
    weakref.finalize(user, stack.close)


def size_of(text: str) -> int:
    """Return a size such as "20 GB" in bytes.

    Raises UserError if the text is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UserError(
            f"FEWBENCH_CACHE_LIMIT: expected a size such as 20GB, got "
            f"{shown(repr(text), 40)}. Type for example: export FEWBENCH_CACHE_LIMIT=50GB"
        )
    number, unit = match.groups()
    letters = unit.upper()
    if letters and not letters.endswith("B"):
        letters += "B"
    return int(float(number) * _UNITS[letters])


def in_words(n_bytes: int) -> str:
    """Return a size in words, such as "1.5 GB"."""
    value = float(n_bytes)
    units = ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        del units[0]
    return f"{value:.3g} {units[0]}"


def _larger(n_bytes: int) -> str:
    """Return a limit of whole gigabytes, as one types it."""
    return f"{n_bytes // 10**9 + 1}GB"


def _entry(folder: Path) -> CacheEntry:
    file = None
    with suppress(BaselineError):
        file = read_feature_file(folder)
    n_bytes = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            n_bytes += path.lstat().st_size if not path.is_dir() else 0
    seconds = (folder / MARK).stat().st_mtime
    used = datetime.fromtimestamp(seconds, UTC)
    return CacheEntry(folder.name, folder, file, n_bytes, used)


def _is_empty(folder: Path) -> bool:
    """Return whether an entry has no file that says or holds anything."""
    files = (path.name for path in folder.rglob("*") if path.is_file())
    return all(name == MARK for name in files)


def _remove_own_files(folder: Path) -> None:
    """Remove the files that fewbench wrote, and the folders that are then empty."""
    for parent, _, names in os.walk(folder, topdown=False):
        here = Path(parent)
        for name in names:
            path = here / name
            if _OWN_FILES.fullmatch(path.relative_to(folder).as_posix()):
                path.unlink(missing_ok=True)
        with suppress(OSError):  # it holds other files
            here.rmdir()

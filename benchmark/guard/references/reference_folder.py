"""A set of references: a folder with one folder for each reference."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fewbench.errors import UserError
from fewbench.folders import (
    old_folder,
    refuse_foreign,
    remove_tree,
    replace_folder,
)
from fewbench.locks import exclusive

from ....reports.names import key_of
from ....reports.records import RunResult
from ....reports.stats.arrays import IntArray
from .reference import Acceptance, Made, Reference
from .reference_file import (
    FILE_NAME,
    read_reference,
    save_command,
    update_command,
)
from .reference_results import load_first_run, load_ten_times
from .write_reference import (
    checked_runs,
    is_of_reference,
    made_reference,
    write_files,
)


@dataclass(frozen=True)
class StoredReference:
    """A reference with the files that belong to it.

    folder: the folder with reference.json; the path of a result that serves as a reference
    sha256: the SHA-256 of reference.json; "" for such a result
    loaded: the result of the first run, if it is loaded already
    """

    reference: Reference
    folder: Path
    sha256: str
    loaded: RunResult | None = None

    def result(self) -> RunResult:
        """Load the result of the first run, with its predictions.

        Raises UserError if it is missing, damaged, or not that of the reference.
        """
        if self.loaded is not None:
            return self.loaded
        return load_first_run(self.folder, self.reference)

    def ten_times_correct(self) -> IntArray | None:
        """Load the right answers of ten times the episodes: int32 (n_episodes,).

        None if the reference has none.
        Raises UserError if they are missing or damaged.
        """
        return load_ten_times(self.folder, self.reference)

    @property
    def update_command(self) -> str:
        """The command that replaces this reference."""
        if self.loaded is not None and self.folder.is_file():
            return save_command(self.folder, "")
        return update_command(self.folder, self.reference.test)


@dataclass(frozen=True)
class ReferenceFolder:
    """A set of references, such as accuracy/reference beside a test file."""

    path: Path

    def find(self, name: str, protocol: str) -> StoredReference | None:
        """Return a reference; None if there is none.

        name: the name in the key
        protocol: the name of the protocol
        Raises UserError if the reference is damaged, was changed by hand, or was written
        by a newer fewbench.
        """
        if not self.has(name, protocol):
            return None
        return stored_at(self.place_of(name, protocol))

    def has(self, name: str, protocol: str) -> bool:
        """Return whether there is a reference, readable or not."""
        folder = self.place_of(name, protocol)
        if not folder.exists() and old_folder(folder).exists():
            with self._locked(folder):
                pass  # this brings back what a killed process has left
        return folder.exists()

    def place_of(self, name: str, protocol: str) -> Path:
        """Return the folder of a reference, whether or not it exists."""
        return self.path / f"{key_of(name)}__{protocol}"

    def save(
        self, made: Made, *, reason: str = "", replace: bool = False
    ) -> StoredReference:
        """Write a reference completely or not at all.

        reason: why it is accepted; must be given to replace a reference
        replace: whether to replace a reference. Its history is kept.
        Raises UserError if there is one already and `replace` is False, if the old one is
        damaged or was changed by hand, or if the results cannot be a reference.
        """
        folder = self.place_of(made.name, made.results[0].protocol.name)
        partial = folder.with_name(f".{folder.name}.partial")
        with self._locked(folder):
            reference = self.check(made, reason=reason, replace=replace)
            try:
                write_files(partial, reference, made)
                replace_folder(partial, folder)
            finally:
                remove_tree(partial)
        return stored_at(folder)

    def check(
        self, made: Made, *, reason: str = "", replace: bool = False
    ) -> Reference:
        """Return the reference that `save` would write. Raises UserError as `save` does."""
        runs = checked_runs(made)
        folder = self.place_of(made.name, made.results[0].protocol.name)
        history: tuple[Acceptance, ...] = ()
        if folder.exists():
            _check_replacing(folder, made, reason, replace=replace)
            history = stored_at(folder).reference.history
        return made_reference(made, runs, history, reason, self.path)

    def all(self) -> list[StoredReference]:
        """Return all references, sorted by the name of their folder.

        Raises UserError as `find` does.
        """
        return [stored_at(folder) for folder in self.folders()]

    def folders(self) -> list[Path]:
        """Return the folders of all references, readable or not, sorted by name."""
        found = []
        for path in self.path.glob(f"*/{FILE_NAME}"):
            folder = path.parent
            # Unfinished folders begin with a dot, and replaced ones end in .partial.
            if not folder.name.startswith(".") and folder.suffix != ".partial":
                found.append(folder)
        return sorted(found)

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Keep other processes from writing a reference during the `with` block.

        An old reference, which a killed process had no time to replace, is put back.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = self.path / f".{folder.name}.lock"
        with exclusive(lock, f"saving {folder}", wait=True):
            if not folder.exists() and old_folder(folder).exists():
                old_folder(folder).rename(folder)
            yield


def stored_at(folder: Path) -> StoredReference:
    """Read the reference in a folder. Raises UserError as `ReferenceFolder.find` does."""
    read = read_reference(folder / FILE_NAME)
    return StoredReference(
        reference=read.reference,
        folder=folder,
        sha256=hashlib.sha256(read.data).hexdigest(),
    )


def _check_replacing(folder: Path, made: Made, reason: str, *, replace: bool) -> None:
    command = update_command(folder, made.test)
    if not replace:
        raise UserError(
            f"{folder}: there is a reference of this name already: expected none, got "
            f"one. To replace it: {command}"
        )
    if not reason.strip():
        raise UserError(
            f"{folder}: a reference is replaced only for a reason: expected a reason, "
            f"got none. Type: {command}"
        )
    refuse_foreign(folder, is_of_reference)

"""A set of references: a folder with one folder for each reference."""

from dataclasses import dataclass
from pathlib import Path

from ...reports.records import RunResult
from ...reports.stats.arrays import IntArray
from .reference import Made, Reference

# The name of the set that checks use by default.
DEFAULT_SET = "reference"


@dataclass(frozen=True)
class StoredReference:
    """A reference with the files that belong to it.

    folder: the folder with reference.json
    sha256: the SHA-256 of reference.json
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
        raise NotImplementedError

    def ten_times_correct(self) -> IntArray | None:
        """Load the right answers of ten times the episodes: uint16 (n_episodes,).

        None if the reference has none.
        Raises UserError if they are missing or damaged.
        """
        raise NotImplementedError

    @property
    def update_command(self) -> str:
        """The command that replaces this reference."""
        raise NotImplementedError


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
        raise NotImplementedError

    def place_of(self, name: str, protocol: str) -> Path:
        """Return the folder of a reference, whether or not it exists."""
        raise NotImplementedError

    def save(
        self, made: Made, *, reason: str = "", replace: bool = False
    ) -> StoredReference:
        """Write a reference completely or not at all.

        reason: why it is accepted; must be given to replace a reference
        replace: whether to replace a reference. Its history is kept.
        Raises UserError if there is one already and `replace` is False, or if the results
        cannot be a reference.
        """
        raise NotImplementedError

    def all(self) -> list[StoredReference]:
        """Return all references, sorted by the name of their folder.

        Raises UserError as `find` does.
        """
        raise NotImplementedError

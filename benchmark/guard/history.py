"""Keep the accuracies of all nights in one file of JSON lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .verdict import Outcome


@dataclass(frozen=True, kw_only=True)
class Night:
    """One check of one night.

    date: such as "2026-11-26", in UTC
    name: the name in the reference's key
    protocol: the name of the protocol
    reference_sha256: the SHA-256 of the reference.json that the night was compared with
    accuracy: a fraction
    train_seed: the seed of the night's training run; 0 for the same model
    outcome: the outcome of the verdict
    commit: the commit that was tested; "" if unknown
    """

    date: str
    name: str
    protocol: str
    reference_sha256: str
    accuracy: float
    train_seed: int
    outcome: Outcome
    commit: str = ""


def read_nights(path: Path) -> list[Night]:
    """Read all nights of a file, in order; [] if there is no file.

    Raises UserError if a line is damaged or was written by a newer fewbench.
    """
    raise NotImplementedError


def append_nights(path: Path, nights: Iterable[Night]) -> None:
    """Add nights at the end of a file. Other processes wait meanwhile.

    Raises UserError if the file is damaged.
    """
    raise NotImplementedError


def earlier_accuracies(
    nights: Sequence[Night],
    name: str,
    protocol: str,
    reference_sha256: str,
    before: str,
) -> list[float]:
    """Return the accuracies of a reference's earlier nights, one for each date, in order.

    If a night was repeated, its first accuracy counts. Otherwise people could repeat
    nights until they like the result.

    before: the date of the present night, such as "2026-11-26"
    """
    raise NotImplementedError

"""What the folder of a grid records: its trainings, the conditions and the data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked_dataclass

from fewbench.documents import counted, fit, parse_json, read_bytes, shown
from fewbench.files import write_bytes, write_json
from fewbench.locks import exclusive

from ...baselines.recipe_files import parse_config
from ...reports.protocol import EvalProtocol
from ...reports.records import file_stem
from .conditions import Conditions
from .grid_file import GridError
from .grid_tasks import Cut
from .grid_trainings import GridTraining
from .place import RESULTS
from .plan import Plan
from .result_task import COPY

RECORD = "grid.json"
# Results of an earlier grid that the present grid does not ask for.
EARLIER = "earlier-results"
_VERSION = 1


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _TrainingInFile:
    config: dict[str, Any]
    name: str
    protocols: list[EvalProtocol]


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _RecordInFile:
    schema_version: int
    conditions: Conditions
    trainings: list[_TrainingInFile]
    data: dict[str, str]
    episodes_per_task: int
    images_per_task: int


_RECORD = TypeAdapter(_RecordInFile)


@dataclass(frozen=True)
class GridRecord:
    """What a grid is: its trainings, and how its machines compute.

    data: the fingerprint of each split
    """

    trainings: tuple[GridTraining, ...]
    conditions: Conditions
    cut: Cut
    data: Mapping[str, str]

    @classmethod
    def of(cls, plan: Plan, conditions: Conditions, cut: Cut) -> "GridRecord":
        """Return the record of a plan."""
        trainings = tuple(one.training for one in plan.trainings)
        return cls(trainings, conditions, cut, plan.data)

    def document(self) -> dict[str, Any]:
        """Return the record as values for JSON."""
        trainings = []
        for one in self.trainings:
            protocols = [asdict(protocol) for protocol in one.protocols]  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
            values = {"config": one.config.flat(), "name": one.name}
            trainings.append({**values, "protocols": protocols})
        return {
            "schema_version": _VERSION,
            "conditions": self.conditions.document(),
            "trainings": trainings,
            "data": dict(self.data),
            "episodes_per_task": self.cut.episodes,
            "images_per_task": self.cut.images,
        }

    @property
    def results(self) -> dict[str, str]:
        """What decides each result, under the name of its files without their suffixes."""
        found = {}
        for one in self.trainings:
            for protocol in one.protocols:
                stem = file_stem(protocol.name, one.name, one.config.seed)
                values = {"config": one.config.flat(), "protocol": asdict(protocol)}  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
                found[stem] = json.dumps(values, sort_keys=True)
        return found


def read_record(folder: Path) -> GridRecord | None:
    """Read what the folder of a grid records; None if there is no grid in it.

    Raises GridError if the record is damaged, or if `folder` is a file.
    """
    path = folder / RECORD
    if folder.is_file():
        raise GridError(
            f"{folder}: expected a folder, got a file. Choose a folder with --out"
        )
    try:
        saved = fit(parse_json(read_bytes(path)), _RECORD)
        if saved.schema_version != _VERSION:
            raise ValueError(
                f"expected schema_version {_VERSION}, got {saved.schema_version}"
            )
        trainings = []
        for one in saved.trainings:
            config = parse_config(one.config, str(path))
            training = GridTraining(config, one.name, tuple(one.protocols))
            trainings.append(training)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise GridError(
            f"{folder}: expected a folder, got a path through a file. Choose a folder with "
            f"--out"
        ) from error
    except (OSError, ValueError) as error:
        raise GridError(
            f"{path}: cannot be read as the record of a grid: {shown(error, 300)}. "
            f"Delete this file, and type the same fewbench grid run again. No work is lost"
        ) from error
    cut = Cut(False, saved.episodes_per_task, saved.images_per_task)
    return GridRecord(tuple(trainings), saved.conditions, cut, saved.data)


def find_record(folder: Path) -> GridRecord:
    """Read what the folder of a grid records. Raises GridError if there is no grid."""
    record = read_record(folder)
    if record is None:
        raise GridError(
            f"{folder}: expected the folder of a grid, got a folder without {RECORD}. "
            f"Type the folder of --out of: fewbench grid run GRID.toml --out DIR"
        )
    return record


def keep_record(folder: Path, record: GridRecord, text: bytes) -> list[str]:
    """Write what a grid is into its folder. Return sentences on what has changed.

    Results that an earlier grid asked for, and this one does not, are moved to the folder
    `earlier-results`, so that no report shows them among the others.

    text: of GRID.toml
    Raises GridError if the data differs from those with which the work began.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / f".{RECORD}.lock", f"opening {folder}", wait=True):
        earlier = read_record(folder)
        remarks: list[str] = []
        if earlier is not None:
            _refuse_other_data(folder, earlier, record)
            before, after = earlier.results, record.results
            remarks = _changes(before, after)
            remarks += _put_away(folder, _others(before, after))
        write_bytes(folder / COPY, text)
        write_json(folder / RECORD, record.document())
    return remarks


def _refuse_other_data(folder: Path, earlier: GridRecord, now: GridRecord) -> None:
    for split, fingerprint in now.data.items():
        began = earlier.data.get(split, fingerprint)
        if began != fingerprint:
            raise GridError(
                f"{folder}: the images of {split} have changed since this grid began: "
                f"expected sha256 {began}, got {fingerprint}. Use the same build of the "
                f"dataset on all machines, or choose another folder with --out"
            )


def _others(results: Mapping[str, str], than: Mapping[str, str]) -> list[str]:
    """Return the names of those results that are missing or different in `than`."""
    return sorted(stem for stem, what in results.items() if than.get(stem) != what)


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return a sentence on what is new and what is no longer asked for."""
    if before == after:
        return []
    n_new = len(_others(after, before))
    kept = counted(len(after) - n_new, "result")
    new = counted(n_new, "result")
    gone = counted(len(_others(before, after)), "result")
    return [
        f"this grid differs from the one before in this folder: {kept} as before, {new} "
        f"new, {gone} no longer asked for. What was trained and computed is kept"
    ]


def _free(path: Path) -> Path:
    """Return a path of this name that does not exist yet, with a number if needed."""
    free = path
    number = 2
    while free.exists():
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
        number += 1
    return free


def _put_away(folder: Path, stems: list[str]) -> list[str]:
    moved = 0
    for stem in stems:
        for suffix in (".json", ".npz"):
            path = folder / RESULTS / f"{stem}{suffix}"
            if path.exists():
                (folder / EARLIER).mkdir(exist_ok=True)
                path.replace(_free(folder / EARLIER / path.name))
                moved += suffix == ".json"
    if not moved:
        return []
    return [f"moved {counted(moved, 'result')} to {folder / EARLIER}"]

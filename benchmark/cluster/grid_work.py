"""Open the folder of a grid, and say what is done and what is missing."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fewbench.documents import counted, shown
from fewbench.files import check_file_places, check_folder_places, file_digest

from ...datasets.root import data_root
from ...reports.records import file_stem
from ..sharing import working_in
from .conditions import Conditions
from .grid_file import Grid, read_grid
from .grid_folder import RECORD, GridRecord, find_record, keep_record, read_record
from .grid_tasks import IMAGES_PER_TASK, Cut, answers_tasks
from .grid_trainings import GridTraining, grid_trainings
from .place import RESULTS, Place
from .plan import Plan, PlannedTraining, make_plan
from .result_task import COPY


@dataclass(frozen=True)
class OpenGrid:
    """A grid and its folder.

    remarks: sentences on what has changed since an earlier grid in the same folder
    """

    plan: Plan
    conditions: Conditions
    remarks: list[str]


def plan_grid(path: Path, place: Place) -> OpenGrid:
    """Read a GRID.toml, and plan its work. Nothing is written.

    Raises GridError, DataError or BaselineError if a name is unknown, a dataset is not
    built, or a recipe cannot be trained.
    Raises OtherConditions if the folder holds work of machines of another kind, and
    `place.mixed` is False.
    """
    return _planned(read_grid(path).grid, place)


def open_grid(path: Path, place: Place) -> OpenGrid:
    """Read a GRID.toml, plan its work, and record it in its folder.

    Results whose files were deleted are to be done again.
    Raises the errors of `plan_grid`, and GridError if the images have changed.
    """
    grid, text = read_grid(path)
    return _recorded(_planned(grid, place), _cut(grid), text)


@contextmanager
def working_on(path: Path, place: Place) -> Iterator[OpenGrid]:
    """Open a grid as `open_grid` does, and keep other grids out of its folder meanwhile.

    Other processes may work on the same grid.
    Raises Busy if a process works on another grid in the folder.
    """
    grid, text = read_grid(path)
    opened = _planned(grid, place)
    with _only_this_grid(opened):
        yield _recorded(opened, _cut(grid), text)


@contextmanager
def merging(
    folder: Path, root: Path | None, *, mixed: bool = False
) -> Iterator[OpenGrid]:
    """Open the grid of a folder as `reopen_grid` does, and keep other grids out of it."""
    _check_places(Place(folder, root), find_record(folder).trainings)
    opened = reopen_grid(folder, root, mixed=mixed)
    with _only_this_grid(opened):
        yield opened


def reopen_grid(folder: Path, root: Path | None, *, mixed: bool = False) -> OpenGrid:
    """Plan the work of the grid that is recorded in a folder.

    Raises GridError if there is none, and DataError if a dataset is not built.
    """
    record = find_record(folder)
    place = Place(folder, root, mixed)
    trainings = list(record.trainings)
    plan = make_plan(trainings, record.conditions, record.cut, place)
    return OpenGrid(plan, record.conditions, [])


def published_fingerprint(plan: Plan) -> str:
    """Return one hash of all files that the tasks of a plan have published so far.

    Two complete runs of a grid made the same bytes if their fingerprints are equal.
    """
    lines: list[str] = []
    for task in plan.tasks():
        path = plan.place.file(task)
        if path.exists():
            lines.append(f"{task.kind} {task.id} {file_digest(path, 'sha256')}\n")
    text = "".join(sorted(lines))
    return hashlib.sha256(text.encode()).hexdigest()


def missing_answers(training: PlannedTraining, place: Place) -> Iterator[str]:
    """Yield a sentence for each evaluation that cannot be joined yet."""
    for evaluation in training.unfinished(place):
        total = 0
        missing = 0
        for task in answers_tasks(evaluation, training.conditions):
            total += 1
            missing += not place.is_done(task)
        if missing:
            what = f"{evaluation.protocol.name} by {training.training.title}"
            yield f"{what}: {missing:,} of {counted(total, 'range')} of answers missing"


def _planned(grid: Grid, place: Place) -> OpenGrid:
    trainings = grid_trainings(grid, data_root(place.root))
    _check_places(place, trainings)
    conditions = _conditions(grid, place)
    plan = make_plan(trainings, conditions, _cut(grid), place)
    return OpenGrid(plan, conditions, [])


def _check_places(place: Place, trainings: Sequence[GridTraining]) -> None:
    """Check that all files of a grid can be written, before the work for them."""
    folder = place.folder
    place.check_folders()
    check_folder_places(folder / RESULTS)
    check_file_places(folder / RECORD, folder / COPY)
    for one in trainings:
        for protocol in one.protocols:
            stem = file_stem(protocol.name, one.name, one.config.seed)
            check_file_places(folder / RESULTS / f"{stem}.json")
            check_file_places(folder / RESULTS / f"{stem}.npz")


def _recorded(opened: OpenGrid, cut: Cut, text: bytes) -> OpenGrid:
    """Record a planned grid in its folder, with the text of its GRID.toml."""
    plan = opened.plan
    record = GridRecord.of(plan, opened.conditions, cut)
    remarks = keep_record(plan.place.folder, record, text)
    forget_lost_results(plan)
    return OpenGrid(plan, opened.conditions, remarks)


def _only_this_grid(opened: OpenGrid) -> AbstractContextManager[None]:
    """Keep grids with other results out of a folder during the `with` block."""
    # How the work is cut decides no result.
    record = GridRecord.of(opened.plan, opened.conditions, Cut(False, 1))
    text = "\n".join(f"{name} {what}" for name, what in sorted(record.results.items()))
    work = hashlib.sha256(text.encode()).hexdigest()
    return working_in(opened.plan.place.folder, work, "another grid")


def _conditions(grid: Grid, place: Place) -> Conditions:
    """Return how this machine computes, or how the machine that began the work did."""
    here = Conditions.here(grid.threads, grid.device)
    record = read_record(place.folder)
    if record is None:
        return here
    if not place.mixed:
        record.conditions.check(here, shown(place.folder, 400))
    return record.conditions


def _cut(grid: Grid) -> Cut:
    images = grid.images_per_task or IMAGES_PER_TASK
    return Cut(False, grid.episodes_per_task, images)


def forget_lost_results(plan: Plan) -> None:
    """Let a result be saved again if one of its files was deleted or moved."""
    for training in plan.trainings:
        for evaluation in training.unfinished(plan.place):
            receipt = plan.place.file(training.result(evaluation))
            receipt.unlink(missing_ok=True)

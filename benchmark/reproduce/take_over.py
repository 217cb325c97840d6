"""Take over finished training runs of other cells that are trained in exactly the same way.

Snell et al. 2017 evaluate one training on 5 ways and on 20 ways, so two of their cells
need a single training.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...baselines.device.choose import resolve_device
from ...baselines.learner import BaselineError
from ...baselines.run_facts import RunFacts
from ...baselines.run_folder import BEST, LAST, LOG, RunFolder
from ...baselines.updater import Updater
from ..train import train_views
from .cells import Cell, cells
from .job import Job, Training


def take_over(job: Job) -> list[str]:
    """Copy the runs that a job needs and that another cell has finished already.

    The other cell is looked for beside the folder of the job, where its own job puts it.
    Its run is copied if it has the same recipe, seed, data and last step.
    Returns a sentence about each run that was copied.
    """
    said: list[str] = []
    for training in job.all_trainings():
        if training.saved_step:
            continue
        for cell, folder in _elsewhere(job, training):
            if _is_finished(folder, training, job):
                _copy(folder, training.folder)
                said.append(
                    f"{training.folder}: taken over from {folder}, since {cell.id} is "
                    f"trained in the same way"
                )
                break
    return said


def equal_cells(job: Job) -> list[Cell]:
    """Return the other cells whose training is the same as that of a job."""
    found: list[Cell] = []
    for cell in cells().values():
        other = replace(job, cell=cell)
        if cell.id != job.cell.id and other.all_trainings() == job.all_trainings():
            found.append(cell)
    return found


def _elsewhere(job: Job, training: Training) -> Iterator[tuple[Cell, Path]]:
    """Yield the runs of equal cells in the place of a training, where there are any."""
    within = training.folder.relative_to(job.out)
    if job.cell.id not in job.out.name:
        return
    for cell in equal_cells(job):
        name = job.out.name.replace(job.cell.id, cell.id)
        folder = job.out.with_name(name) / within
        if (folder / LAST).exists():
            yield cell, folder


def _is_finished(folder: Path, training: Training, job: Job) -> bool:
    """Whether a folder holds this training with these data, up to its last step."""
    views = train_views(training.config, job.root)
    updater = Updater(training.config, views.train, resolve_device(job.device))
    facts = RunFacts(
        config=updater.config,
        image_shape=views.train.image_shape,
        data_fingerprint=views.fingerprints,
        device=updater.learner.card.device,
    )
    try:
        _, state = RunFolder(folder, facts).load()
    except BaselineError:
        return False
    return state.step == training.last_step


def _copy(source: Path, folder: Path) -> None:
    """Copy a run. Its last checkpoint comes last: without it, the folder holds no run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LOG, BEST, LAST):
        if (source / name).exists():
            partial = folder / f"{name}.partial"
            shutil.copyfile(source / name, partial)
            os.replace(partial, folder / name)

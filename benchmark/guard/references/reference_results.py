"""Load the results that lie beside a reference."""

import shlex
from pathlib import Path

import numpy as np

from fewbench.errors import UserError
from fewbench.npz import UNREADABLE, read_arrays

from ....reports.records import ResultError, RunResult
from ....reports.result_files import array_sha256, find_documents, load_result
from ....reports.stats.arrays import IntArray
from .reference import Reference, TenTimes
from .reference_file import update_command

TEN_TIMES_FILE = "ten_times.npz"


def load_first_run(folder: Path, reference: Reference) -> RunResult:
    """Load the result of a reference's first run.

    Raises UserError if it is missing, damaged, or not that of the reference.
    """
    command = update_command(folder, reference.test)
    try:
        documents = find_documents([folder])
        result = load_result(documents[0])
    except ResultError as error:
        what, _, _ = str(error).partition(". Copy the result again")
        raise UserError(
            f"{what}. Restore the folder: git checkout -- {shlex.quote(str(folder))}; or "
            f"make the reference anew: {command}"
        ) from error
    expected = reference.runs[0].predictions_sha256
    found = array_sha256(result.predictions)
    if found != expected or len(documents) > 1:
        raise UserError(
            f"{documents[0]}: not the result of this reference: expected one result with "
            f"predictions of sha256 {expected}, got {len(documents)} with {found}. "
            f"Restore the folder from git, or make the reference anew: {command}"
        )
    return result


def load_ten_times(folder: Path, reference: Reference) -> IntArray | None:
    """Load the right answers of ten times the episodes: int32 (n_episodes,).

    None if the reference has none.
    Raises UserError if they are missing or damaged.
    """
    wanted = reference.ten_times
    if wanted is None:
        return None
    path = folder / TEN_TIMES_FILE
    try:
        arrays = read_arrays(path, {"correct": 4 * wanted.n_episodes})
        return _checked(arrays["correct"], wanted)
    except UNREADABLE as error:
        command = update_command(folder, reference.test)
        raise UserError(
            f"{path}: cannot read the right answers of ten times the episodes: expected "
            f"those that were saved, got others ({error}). Restore the folder from git, or make "
            f"the reference anew: {command}"
        ) from error


def _checked(correct: np.ndarray, wanted: TenTimes) -> IntArray:
    found = array_sha256(correct)
    if correct.shape != (wanted.n_episodes,) or found != wanted.correct_sha256:
        raise ValueError(f"other numbers (sha256 {found})")
    return correct

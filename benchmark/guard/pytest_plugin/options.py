"""The options of the guard: `pytest --accuracy-save` and its siblings."""

import datetime
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fewbench.errors import UserError

from ..dates import read_date
from ..fail_option import parse_fail
from .writable import why_unwritable

if TYPE_CHECKING:
    from ..verdict import Fail

Tier = Literal["quick", "nightly"]

FEWEST_RUNS = 3
_USUAL_RUNS = 10
_MOST_RUNS = 1000
_SET = re.compile(r"[a-z0-9](_?[a-z0-9.-])*")


@dataclass(frozen=True)
class Options:
    """What the options of the guard ask for.

    save, update, strict: whether the option was given
    reason: why references are replaced
    reference_set: the name of the set of references
    fail: which drops fail; see `Rules` in the module `verdict`
    drop: a fraction, for fail="drop"
    runs: how often a retrained model is trained for its reference
    report: the folder for results and summaries; None for no report
    history: the file with the accuracies of all nights; None if there is none
    date: the date that training seeds follow from
    """

    save: bool
    update: bool
    reason: str
    reference_set: str
    fail: "Fail"
    drop: float
    strict: bool
    tier: Tier
    runs: int
    report: Path | None
    history: Path | None
    date: datetime.date


def read_options(given: dict[str, Any], folder: Path) -> Options:
    """Return the options that were typed, after checking them.

    given: the name of an option after "--accuracy-" -> its value; None or False if it
        was not given
    folder: the folder that paths are relative to
    Raises UserError if a value is wrong, or if options contradict each other.
    """
    _check_update(given)
    _check_history(given)
    fail, drop = parse_fail("--accuracy-fail", given["fail"])
    return Options(
        save=given["save"],
        update=given["update"],
        reason=given["reason"] or "",
        reference_set=_read_set(given["compare"]),
        fail=fail,
        drop=drop,
        strict=given["strict"],
        tier=given["tier"] or "quick",
        runs=_read_runs(given),
        report=_read_folder(given["report"], folder),
        history=_read_file(given["history"], folder),
        date=_read_date(given["date"]),
    )


def _check_update(given: dict[str, Any]) -> None:
    reason = given["reason"]
    if given["update"] and not (reason and reason.strip()):
        raise UserError(
            "--accuracy-update: expected a reason for the history of the references, got "
            "none. Add for example --accuracy-reason 'new augmentation'"
        )
    if reason is not None and not given["update"]:
        raise UserError(
            "--accuracy-reason: has an effect with --accuracy-update alone. Add "
            "--accuracy-update, or omit the reason"
        )


def _check_history(given: dict[str, Any]) -> None:
    if given["history"] is not None and given["tier"] != "nightly":
        raise UserError(
            "--accuracy-history: has an effect on nights alone. Add "
            "--accuracy-tier=nightly, or omit the file"
        )


def _read_set(name: str | None) -> str:
    if name is None:
        return "reference"
    if not _SET.fullmatch(name):
        raise UserError(
            f"--accuracy-compare: expected the name of a folder in accuracy/, with small "
            f"letters, digits, '.', '-' and '_', got {name!r:.60}. Type for example "
            f"--accuracy-compare=v1.2"
        )
    return name


def _read_runs(given: dict[str, Any]) -> int:
    text = given["runs"]
    if text is None:
        return _USUAL_RUNS
    if not (given["save"] or given["update"]):
        raise UserError(
            "--accuracy-runs: has an effect with --accuracy-save and --accuracy-update "
            "alone. Omit it"
        )
    is_number = text.isascii() and text.isdecimal() and len(text) < 9
    if not is_number or not FEWEST_RUNS <= int(text) <= _MOST_RUNS:
        raise UserError(
            f"--accuracy-runs: expected a number of {FEWEST_RUNS} to {_MOST_RUNS}, got "
            f"{text!r:.40}. Type --accuracy-runs {_USUAL_RUNS}, or omit it"
        )
    return int(text)


def _read_folder(text: str | None, folder: Path) -> Path | None:
    """Return the folder for a report. It is refused before anything is measured for it."""
    if text is None:
        return None
    problem = why_unwritable(folder / text)
    if problem:
        raise UserError(
            f"--accuracy-report: cannot write to {folder / text}: expected a folder to "
            f"write to, got {problem}. Choose another folder"
        )
    return folder / text


def _read_file(text: str | None, folder: Path) -> Path | None:
    """Return the file of nights. It is refused before anything is measured for it."""
    if text is None:
        return None
    path = folder / text
    problem = why_unwritable(path.parent)
    if path.is_dir():
        problem = f"{path}, which is a folder"
    if problem:
        raise UserError(
            f"--accuracy-history: cannot write {path}: expected a file in a folder to write "
            f"to, got {problem}. Choose another file"
        )
    return path


def _read_date(text: str | None) -> datetime.date:
    if text is None:
        return datetime.datetime.now(datetime.UTC).date()
    try:
        return read_date(text)
    except ValueError:
        raise UserError(
            f"--accuracy-date: expected a day from 2000-01-01 to 2999-12-31, got "
            f"{text!r:.40}. Type for example --accuracy-date 2026-11-26"
        ) from None

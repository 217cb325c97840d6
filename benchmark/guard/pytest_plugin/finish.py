"""What happens once, after all checks of a run: files, annotations, and the exit code."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fewbench.errors import UserError

from ..history import Night, append_nights
from ..references.maker import Maker
from .github import Annotation, annotation_lines, append_summary
from .marker import Marker
from .option_table import OPTIONS
from .place import shortened
from .record import Record
from .summary import Summary
from .unused import damaged_references, stopped_references, unused_references

if TYPE_CHECKING:
    from .guarding import Guard

_NOTHING = (
    "error: an option --accuracy-... was typed, but no test checked an accuracy. Name "
    "tests that use the fixture accuracy, or omit the options"
)
_ALL_SKIPPED = (
    "error: no test checked an accuracy, since all checks were skipped. Nightly checks run "
    "with --accuracy-tier=nightly"
)


def finish(guard: "Guard", session: pytest.Session) -> None:
    """Write what the options ask for. Set the exit code if it would hide a problem."""
    if guard.config.option.collectonly:
        return
    problems: list[str] = []
    guard.records.extend(_lost(guard))
    skipped = guard.outcomes.skipped
    n_skipped = sum(place.test in skipped for place in guard.collected.places)
    if not guard.records and _was_typed(guard.config):
        problems.append(_ALL_SKIPPED if n_skipped else _NOTHING)
        _set_exit_code(session, pytest.ExitCode.NO_TESTS_COLLECTED)
    problems.extend(_hidden_failures(guard))
    _try(problems, lambda: _write_history(guard))
    summary = Summary(
        records=sorted(guard.records, key=lambda one: (one.test, one.name)),
        n_checks=guard.n_checks,
        alpha=guard.alpha,
        tier=guard.options.tier,
        unmeasured=list(_unmeasured(guard)),
        n_skipped=n_skipped,
        unused=list(_unused(guard)),
        problems=problems,
    )
    guard.summary = summary
    _try(problems, lambda: _write_report(guard, summary))
    _try(problems, lambda: _write_job_summary(summary))
    if problems:
        _set_exit_code(session, pytest.ExitCode.TESTS_FAILED)


def print_summary(guard: "Guard", terminal: pytest.TerminalReporter) -> None:
    """Print the table of all checks, and annotations for GitHub."""
    summary = guard.summary
    if summary is None:
        return
    lines = list(summary.lines())
    if lines:
        terminal.section("accuracy")
    for line in lines:
        terminal.line(line)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        folder = Path(os.environ.get("GITHUB_WORKSPACE") or guard.config.rootpath)
        for line in annotation_lines(_annotations(summary, folder)):
            terminal.line(line)


def _try(problems: list[str], step: Callable[[], None]) -> None:
    """Take a step. If it fails, the others are still taken, and the run fails."""
    try:
        step()
    except (UserError, OSError) as error:
        problems.append(f"error: {error}")


def _set_exit_code(session: pytest.Session, code: pytest.ExitCode) -> None:
    if session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = code


def _was_typed(config: pytest.Config) -> bool:
    """Return whether the command line itself has an option of the guard.

    Options in a configuration file are for every run, also for one without checks.
    """
    typed = [str(word).partition("=")[0] for word in config.invocation_params.args]
    return any(f"--accuracy-{name}" in typed for name in OPTIONS)


def _hidden_failures(guard: "Guard") -> Iterator[str]:
    """Name the checks that failed in a test that did not: it may catch the exception."""
    outcomes = guard.outcomes
    failed = {*outcomes.failed, *outcomes.crashed}
    for record in guard.records:
        if not record.passed and record.test not in failed:
            end = "passed" if record.test in outcomes.passed else "was skipped"
            yield (
                f"error: {record.place}: failed, but its test {end}. Do not catch the "
                f"exception, or mark the test with xfail"
            )


def _lost(guard: "Guard") -> Iterator[Record]:
    """Return records of the checks in which a worker of pytest-xdist died."""
    from .recording import lost_record

    for place in guard.collected.places:
        if place.test in guard.outcomes.crashed:
            yield lost_record(place, guard.policy(place, Marker()))


def _unmeasured(guard: "Guard") -> Iterator[str]:
    """Say which checks were not made, since their test failed before or did not run."""
    outcomes = guard.outcomes
    failed = {*outcomes.failed, *outcomes.crashed}
    for stored in stopped_references(guard.collected, _used(guard), failed):
        key = stored.reference.key
        yield f"{key.name} on {key.protocol}: not measured, since its test failed before"
    tests = [place.test for place in guard.collected.places]
    for test in tests:
        if not outcomes.has_ended(test):
            yield f"{test}: not measured to its end, since the run stopped"


def _used(guard: "Guard") -> set[tuple[str, str, str]]:
    """Return folder, name and protocol of the references that were used."""
    records = guard.records
    return {(record.folder, record.name, record.protocol) for record in records}


def _unused(guard: "Guard") -> Iterator[str]:
    base = str(guard.config.invocation_params.dir)
    used = _used(guard)
    for words in damaged_references(guard.collected, used):
        yield shortened(words, base)
    for stored in unused_references(guard.collected, used, guard.outcomes.passed):
        folder = shortened(str(stored.folder), base)
        yield (
            f"{folder}: no test uses this reference of {stored.reference.test}. Remove the "
            f"folder, or restore the test"
        )


def _write_history(guard: "Guard") -> None:
    """Add the checks of this night to the file of nights, in one go."""
    path = guard.options.history
    if path is None:
        return
    commit = Maker.here(guard.config.rootpath).made_from
    nights = []
    for record in guard.records:
        for fields in record.nights:
            nights.append(Night(**{**fields, "commit": commit}))
    if nights:
        append_nights(path, nights)


def _write_report(guard: "Guard", summary: Summary) -> None:
    options = guard.options
    if options.report is None:
        return
    from .report_files import plot_nights, write_summary

    write_summary(options.report, summary)
    if options.history is not None:
        plot_nights(options.report, summary.records, options.history)


def _write_job_summary(summary: Summary) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path and any(summary.sentences()):
        append_summary(Path(path), summary.markdown())


def _annotations(summary: Summary, folder: Path) -> Iterator[Annotation]:
    for record in summary.records:
        if not record.passed:
            yield _annotation(record, folder)


def _annotation(record: Record, folder: Path) -> Annotation:
    file = Path(record.file)
    if file.is_relative_to(folder):
        file = file.relative_to(folder)
    return Annotation(file.as_posix(), record.line, record.place, record.message)

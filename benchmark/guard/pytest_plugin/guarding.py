"""The guard of a run of pytest: it knows the options, the tests, and what they found."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fewbench.errors import UserError
from fewbench.locks import only_writer

from .collected import Collected, whole_files
from .concerned import OUTPUT, RECORDS, is_check
from .marker import Marker, marker_of
from .option_table import OPTIONS
from .options import Options, read_options
from .outcomes import Outcomes
from .place import Place, place_of
from .record import Record
from .shadowing import why_unchecked
from .warning import warn

if TYPE_CHECKING:
    from ....reports.records import RunResult
    from .check import Policy
    from .summary import Summary

_ALPHA = 0.05
_NOT_NOW = "a nightly check: it runs with --accuracy-tier=nightly"
_MEASURED_NOTHING = (
    "measured nothing: expected a call of the fixture accuracy, got none. Write for "
    "example accuracy(model, 'PROTOCOL')"
)


def make_guard(config: pytest.Config) -> "Guard":
    """Return the guard of a run.

    Raises pytest.UsageError if an option is wrong, or if another process writes the report.
    """
    given = {name: getattr(config.option, f"accuracy_{name}") for name in OPTIONS}
    try:
        options = read_options(given, config.invocation_params.dir)
        _keep_report(config, options)
    except UserError as error:
        raise pytest.UsageError(str(error)) from None
    return Guard(config, options)


def _keep_report(config: pytest.Config, options: Options) -> None:
    """Keep other runs out of the folder for the report, until this one has ended.

    Raises Busy if another run writes it.
    """
    is_worker = hasattr(
        config, "workerinput"
    )  # of pytest-xdist; its driver has the lock
    if options.report is None or is_worker:
        return
    stack = ExitStack()
    stack.enter_context(only_writer(options.report, f"writing {options.report}"))
    config.add_cleanup(stack.close)


class Guard:
    """Everything about the checks of a run.

    records: what the checks found, in all processes
    collected: the tests that check accuracies
    n_checks: the number of checks that share the risk of a false alarm
    alpha: the risk of a false alarm of the run, a fraction
    summary: what all checks found; None before the end of the run
    outcomes: how the tests ended
    """

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.options = options
        self.records: list[Record] = []
        self.collected = Collected()
        self.n_checks = 1
        self.alpha = _ALPHA
        self.summary: Summary | None = None
        self.outcomes = Outcomes()
        self.config = config
        self._items: list[pytest.Item] = []
        self._markers: dict[pytest.Item, Marker] = {}
        self._mistakes: dict[pytest.Item, str] = {}
        self._askers: set[pytest.Item] = set()
        self._records: dict[pytest.Item, list[Record]] = {}
        self._unreported: dict[pytest.Item, list[str]] = {}
        self._errors: set[pytest.Item] = set()

    def collect(self, items: Sequence[pytest.Item]) -> None:
        """Read the markers of the tests that concern the guard. Skip nightly tests."""
        self._items = list(items)
        for item in items:
            mistake = why_unchecked(item)
            try:
                marker = marker_of(item)
            except UserError as error:
                mistake = f"{item.nodeid}: {error}"
                marker = Marker()
            if mistake:
                self._mistakes[item] = mistake
            self._markers[item] = marker
            if marker.tier == "nightly" and self.options.tier == "quick":
                item.add_marker(pytest.mark.skip(reason=_NOT_NOW))

    def case(self, item: pytest.Item) -> "tuple[Place, Policy]":
        """Return where a test is, and how its questions are answered."""
        place = place_of(item, self.options.reference_set)
        return place, self.policy(place, self._markers.get(item, Marker()))

    def policy(self, place: Place, marker: Marker) -> "Policy":
        """Return how the questions of a test are answered."""
        from ..references.reference_folder import ReferenceFolder
        from ..verdict import Rules
        from .check import Policy

        rules = Rules(
            alpha=marker.alpha or self.alpha / self.n_checks,
            fail=self.options.fail,
            drop=self.options.drop,
        )
        if marker.margin is not None:
            rules = replace(rules, margin=marker.margin)
        return Policy(self.options, rules, ReferenceFolder(Path(place.folder)))

    def asked_by(self, item: pytest.Item) -> None:
        """Remember a test that has the fixture, even if its arguments do not name it."""
        self._askers.add(item)

    def note(self, item: pytest.Item, record: Record) -> None:
        """Keep what a check found. It travels with the next report of its test."""
        from .junit import properties_of

        self._records.setdefault(item, []).append(record)
        self._unreported.setdefault(item, []).append(record.to_json())
        item.user_properties.extend(properties_of(record))
        if record.passed and record.word in ("undecided", "improved"):
            warn(item, record)

    def why_unsaved(self, record: Record, results: "Sequence[RunResult]") -> str:
        """Save results for --accuracy-report. Return why they cannot be saved, or ""."""
        folder = self.options.report
        if folder is None or not results:
            return ""
        from .report_files import why_unsaved

        return why_unsaved(folder, record, results)

    def note_error(self, item: pytest.Item) -> None:
        """Remember that a test could not measure or compare anything."""
        self._errors.add(item)

    def add_report(self, report: pytest.TestReport, records: Sequence[str]) -> None:
        """Add what a report says: how its test ended, and the records of checks."""
        self.outcomes.add(report)
        self.records.extend(map(Record.from_json, records))

    def take_over(self, output: dict[str, Any]) -> None:
        """Take over what a worker of pytest-xdist collected."""
        self.collected = Collected(
            places=[Place(**fields) for fields in output["places"]],
            others=[Place(**fields) for fields in output["others"]],
            whole_files=output["whole_files"],
        )
        self.n_checks = output["n_checks"]

    def check_measured(self, item: pytest.Item) -> None:
        """Let a test fail that has the fixture, but measured nothing."""
        if self._is_check(item) and item not in self._records:
            self._note_unasked(item, _MEASURED_NOTHING)
            pytest.fail(f"{item.nodeid}: {_MEASURED_NOTHING}", pytrace=False)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Divide the risk of a false alarm by the number of checks."""
        kept = set(session.items)
        checks = [item for item in self._items if item in kept and is_check(item)]
        places = [place_of(item, self.options.reference_set) for item in checks]
        files = whole_files(self._items, kept, self.config)
        others = []
        for item in session.items:
            if not is_check(item) and str(item.path) in files:
                others.append(place_of(item, self.options.reference_set))
        self.collected = Collected(places, others, files)
        self.n_checks = max(1, self._count(checks, places))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop a test whose marker is wrong, or has no effect."""
        if item in self._mistakes:
            pytest.fail(self._mistakes[item], pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: "pytest.CallInfo[None]"
    ) -> Any:
        """Add the new records of a test to its report, and mark an error as such."""
        report = yield
        crash = call.excinfo if report.failed and call.when != "teardown" else None
        if crash and self._is_check(item):
            self._note_crash(item, crash.value)
        if item in self._errors and report.failed:
            report.accuracy_error = True
        setattr(report, RECORDS, self._unreported.pop(item, []))
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write files, and fail a run that was to check accuracies but checked none."""
        worker_output = getattr(self.config, "workeroutput", None)
        if worker_output is not None:
            collected = asdict(self.collected)
            worker_output[OUTPUT] = {**collected, "n_checks": self.n_checks}
            return
        # A test that was interrupted has no report of what it measured.
        for records in self._unreported.values():
            self.records.extend(map(Record.from_json, records))
        from .finish import finish

        finish(self, session)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print the table of all checks."""
        from .finish import print_summary

        print_summary(self, terminalreporter)

    def _is_check(self, item: pytest.Item) -> bool:
        return is_check(item) or item in self._askers

    def _note_crash(self, item: pytest.Item, error: BaseException) -> None:
        """Keep that a test failed by itself, before its first check or after a good one."""
        records = self._records.get(item, [])
        if not all(record.passed for record in records):
            return  # the failure is that of a check
        if not records:
            self._note_unasked(item, error)
            return
        from .recording import stopped_record

        place, policy = self.case(item)
        self.note(item, stopped_record(place, error, policy))

    def _note_unasked(self, item: pytest.Item, error: BaseException | str) -> None:
        """Keep that a test ended before it asked anything."""
        from .recording import unasked_record

        place, policy = self.case(item)
        self.note(item, unasked_record(place, error, policy))

    def _count(self, checks: Sequence[pytest.Item], places: Sequence[Place]) -> int:
        """Count the checks. A test with several references is several checks."""
        from .unused import count_references

        n_references = count_references({place.folder for place in places})
        total = 0
        for item, place in zip(checks, places, strict=True):
            marker = self._markers[item]
            is_skipped = marker.tier == "nightly" and self.options.tier == "quick"
            if not is_skipped:
                total += n_references.get((place.folder, place.key), 1)
        return total

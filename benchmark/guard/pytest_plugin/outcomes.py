"""How the tests of a run ended, as pytest reports it."""

from dataclasses import dataclass, field

import pytest


@dataclass
class Outcomes:
    """The ids of tests, by how they ended.

    passed: those that passed
    failed: those that failed, or were expected to
    skipped: those that were skipped
    crashed: those in which a worker of pytest-xdist died
    """

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    crashed: list[str] = field(default_factory=list)

    def add(self, report: pytest.TestReport) -> None:
        """Note what a report says about its test."""
        test = report.nodeid
        is_expected = hasattr(report, "wasxfail")
        # A test that is run again has an outcome of its own, "rerun".
        is_green = report.outcome in ("passed", "skipped")
        if not is_green or is_expected:
            self.failed.add(test)
        elif report.skipped:
            self.skipped.add(test)
        elif report.when == "call":
            self.passed.add(test)

    def has_ended(self, test: str) -> bool:
        """Return whether a test ran to its end, or was skipped."""
        return any(
            test in tests
            for tests in (self.passed, self.failed, self.skipped, self.crashed)
        )

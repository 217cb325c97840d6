"""Warn of a check that passed, but that somebody should look at."""

import warnings

import pytest

from .record import Record


class AccuracyWarning(UserWarning):
    """A check that passed, but that somebody should look at."""


def warn(item: pytest.Item, record: Record) -> None:
    """Show a warning that no filter turns into an error: --accuracy-strict is for that."""
    message = warnings.WarningMessage(
        AccuracyWarning(record.message), AccuracyWarning, record.file, record.line
    )
    item.ihook.pytest_warning_recorded.call_historic(
        kwargs={
            "warning_message": message,
            "nodeid": item.nodeid,
            "when": "runtest",
            "location": None,
        }
    )

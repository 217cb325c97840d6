"""Which tests concern the guard. Every run of pytest imports this module."""

import pytest

# The fixture `accuracy` asks for this one. A fixture `accuracy` of the user does not.
FIXTURE = "fewbench_accuracy"
MARKER = "accuracy"
# What every report of a test has if the run has checks: the records of its new ones.
RECORDS = "accuracy_records"
# What a worker of pytest-xdist tells the controller at its end.
OUTPUT = "fewbench accuracy"


def is_check(item: pytest.Item) -> bool:
    """Return whether a test asks for the fixture of fewbench."""
    return FIXTURE in getattr(item, "fixturenames", ())

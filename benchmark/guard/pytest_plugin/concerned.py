"""Which tests concern the guard. Every run of pytest imports this module."""

import pytest

# The fixture `accuracy` asks for this one. A fixture `accuracy` of the user does not.
FIXTURE = "fewbench_accuracy"
MARKER = "accuracy"
# The property of a test's report that holds the record of a check.
PROPERTY = "accuracy record"


def is_check(item: pytest.Item) -> bool:
    """Return whether a test asks for the fixture of fewbench."""
    return FIXTURE in getattr(item, "fixturenames", ())

"""A test concerns the guard if it uses the fixture of fewbench, by whatever name."""

from typing import Any

import pytest

from fewbench.benchmark.guard.pytest_plugin.concerned import is_check


class Item:
    """Stands in for a test of pytest."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"fixturenames": ["accuracy", "fewbench_accuracy"]}, True),
        ({"fixturenames": ["fewbench_accuracy"]}, True),
        ({"fixturenames": ["accuracy"]}, False),
        ({}, False),  # a test of another plugin, such as a doctest
    ],
)
def test_the_fixture_decides(fields: dict[str, Any], expected: bool) -> None:
    item: Any = Item(**fields)

    assert is_check(item) is expected

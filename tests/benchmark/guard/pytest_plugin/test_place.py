"""A place says the same of a test in every process."""

from typing import Any

import pytest

from fewbench.benchmark.guard.pytest_plugin.place import place_of, shortened


def test_the_place_of_a_test(request: pytest.FixtureRequest) -> None:
    place = place_of(request.node, "v1")

    assert place.test == request.node.nodeid
    assert place.key == "test_place.py::test_the_place_of_a_test"
    assert place.file == __file__
    with open(__file__) as file:
        line: Any = file.readlines()[place.line - 1]
    assert line.startswith("def test_the_place_of_a_test")
    assert place.folder == __file__.replace("test_place.py", "accuracy/v1")


def test_paths_are_shown_from_where_pytest_was_started() -> None:
    text = "pytest '/home/me/a b/test_x.py::test' /home/you/x"

    assert shortened(text, "/home/me") == "pytest 'a b/test_x.py::test' /home/you/x"

"""A fixture `accuracy` of somebody else is named, with the line where it is."""

import pytest

from fewbench.benchmark.guard.pytest_plugin.shadowing import why_unchecked


@pytest.fixture(name="accuracy")
def own_accuracy() -> float:
    return 0.9


def test_another_fixture_is_named(
    accuracy: float, request: pytest.FixtureRequest
) -> None:
    words = why_unchecked(request.node)

    assert "got the one in test_shadowing.py, line 8" in words
    assert words.endswith("Use the fixture fewbench_accuracy in its place")


def test_a_forgotten_fixture_is_named(request: pytest.FixtureRequest) -> None:
    words = why_unchecked(request.node)

    assert "expected a test that uses the fixture accuracy" in words


def test_a_fixture_that_cannot_be_found(request: pytest.FixtureRequest) -> None:
    class Other:
        nodeid = "notebook.ipynb::cell"
        fixturenames = ("accuracy",)

    item: pytest.Item = Other()  # type: ignore[assignment]

    assert "got another one" in why_unchecked(item)

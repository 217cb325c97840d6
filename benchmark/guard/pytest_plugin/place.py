"""Where a test is, and where its references are."""

from dataclasses import dataclass

import pytest

FOLDER = "accuracy"


@dataclass(frozen=True)
class Place:
    """Where a test is. It says the same in every process of a run.

    test: the id that pytest gives the test
    key: the id without the folder, such as "test_models.py::test_mine"
    file: the path of the test file
    line: the line of the test, counted from 1
    folder: the folder with the set of references that the test uses
    base: the folder where pytest was started
    """

    test: str
    key: str
    file: str
    line: int
    folder: str
    base: str


def place_of(item: pytest.Item, reference_set: str) -> Place:
    """Return where a test is."""
    _, _, rest = item.nodeid.partition("::")
    _, line, _ = item.location
    return Place(
        test=item.nodeid,
        key=f"{item.path.name}::{rest}",
        file=str(item.path),
        line=(line or 0) + 1,
        folder=str(item.path.parent / FOLDER / reference_set),
        base=str(item.config.invocation_params.dir),
    )


def shortened(text: str, folder: str) -> str:
    """Return a text in which the paths below a folder are relative to it."""
    return text.replace(f"{folder}/", "")

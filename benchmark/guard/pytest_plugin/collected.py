"""What pytest collected: the tests that check accuracies, and which files are complete."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from .place import Place


@dataclass
class Collected:
    """The tests of a run that check accuracies.

    places: where they are
    others: where the other tests in `whole_files` are. They may ask for the fixture while
        they run.
    whole_files: the test files of which no test is left out
    """

    places: list[Place] = field(default_factory=list)
    others: list[Place] = field(default_factory=list)
    whole_files: list[str] = field(default_factory=list)


def whole_files(
    found: Sequence[pytest.Item], kept: Iterable[pytest.Item], config: pytest.Config
) -> list[str]:
    """Return the files of which every test was collected and is kept.

    found: the tests that were collected
    kept: those that options such as -k did not leave out
    """
    if getattr(config.option, "lf", False):
        return []  # --last-failed leaves out tests before they can be counted
    left_out = set(found) - set(kept)
    partial = {str(item.path) for item in left_out}
    for argument in config.args:
        file, colons, _ = argument.partition("::")
        if colons:
            partial.add(str(config.invocation_params.dir / file))
    return sorted({str(item.path) for item in found} - partial)

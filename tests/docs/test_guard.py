"""The page about the guard shows what pytest really prints."""

from pathlib import Path

import pytest
from torch import nn

from fewbench_tests.guard_page import example, shown, without_numbers
from fewbench_tests.guard_runs import Ran, run_guarded, write_tests


@pytest.fixture(scope="module")
def runs(glyphs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    folder = write_tests(tmp_path_factory.mktemp("docs"), test_models=example())
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    found = {
        "save": run_guarded(folder, "--accuracy-save", report=False, environment=data)
    }
    found["pass"] = run_guarded(folder, report=False, environment=data)
    coarse = nn.Sequential(nn.AvgPool2d(7), nn.Flatten())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn, "Flatten", lambda: coarse)
        found["broken"] = run_guarded(folder, report=False, environment=data)
    return found


def test_the_example_has_five_lines() -> None:
    assert len(example().splitlines()) == 5


def test_it_is_saved_and_passes(runs: dict[str, Ran]) -> None:
    assert runs["save"].code == 0
    assert runs["pass"].code == 0
    printed = [without_numbers(line) for line in runs["pass"].text.splitlines()]
    for line in shown("summary"):
        assert without_numbers(line) in printed
    assert len(shown("summary")) == 4


def test_a_failure_is_as_the_page_shows_it(runs: dict[str, Ran]) -> None:
    assert runs["broken"].code == 1
    printed = [without_numbers(line) for line in runs["broken"].text.splitlines()]
    expected = [without_numbers(line) for line in shown("failure")]
    start = printed.index(expected[0])
    assert printed[start : start + len(expected)] == expected
    assert len(expected) == 5

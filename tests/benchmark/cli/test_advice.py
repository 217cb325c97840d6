"""Advised commands get the user's --root."""

import pytest

from fewbench.benchmark.cli.advice import with_root

ADVICE = "To build it: fewbench data build glyphs; or: fewbench data build glyphs --source PATH"


@pytest.mark.parametrize("typed", [["--root", "my data"], ["--root=my data"]])
def test_every_command_gets_the_root(typed: list[str]) -> None:
    assert with_root(ADVICE, ["data", "show", "glyphs", *typed]) == (
        "To build it: fewbench data build --root 'my data' glyphs; or: fewbench data "
        "build --root 'my data' glyphs --source PATH"
    )


@pytest.mark.parametrize("typed", [[], ["--root"], ["--roots", "x"]])
def test_without_a_root_nothing_changes(typed: list[str]) -> None:
    assert with_root(ADVICE, typed) == ADVICE


@pytest.mark.parametrize(
    "text",
    [
        "fewbench data verify glyphs --root x",
        "fewbench report results --out page",
        "fewbench data",
        "fewbench trained",
    ],
)
def test_some_commands_have_their_root_or_none(text: str) -> None:
    assert with_root(text, ["--root", "here"]) == text


def test_grids_and_commands_at_the_end_get_the_root_too() -> None:
    text = "Merge it: fewbench grid merge g. To see all names: fewbench data list"
    assert with_root(text, ["--root", "r"]) == (
        "Merge it: fewbench grid merge --root r g. To see all names: fewbench data list "
        "--root r"
    )

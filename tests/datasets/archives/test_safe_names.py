"""Names of files in archives: dangerous ones, and those that systems leave behind."""

import pytest

from fewbench.datasets.archives.safe_names import hidden, unsafe


@pytest.mark.parametrize(
    "name", ["a", "a/b.png", "a..b/c...d", "…", "ab:c", "a b", "~"]
)
def test_a_plain_relative_path_is_safe(name: str) -> None:
    assert not unsafe(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/a", "a/", "a//b", "a/./b", "a/../b", "C:a", "a\\b", "a\0b"],
)
def test_a_name_that_could_lead_elsewhere_is_unsafe(name: str) -> None:
    assert unsafe(name)


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "a/.git/config",
        "__MACOSX/a.png",
        "a/__MACOSX",
        "._a.png",
        "@eaDir/a.jpg",
    ],
)
def test_what_systems_leave_behind_is_hidden(name: str) -> None:
    assert hidden(name)


@pytest.mark.parametrize("name", ["a.png", "a/b.c/d", "__MACOSX2/a", "a__MACOSX"])
def test_other_names_are_not_hidden(name: str) -> None:
    assert not hidden(name)

"""Unknown names get the nearest ones, and text from strangers becomes safe to print."""

import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.info import DataError
from fewbench.datasets.lookup import pick

MANY = dict.fromkeys(
    [
        f"{name}-{n}w{k}s"
        for name in ("glyphs", "omniglot")
        for n in (5, 20)
        for k in (1, 5)
    ]
    + ["other"],
    7,
)


def refusal(name: str, catalogue: dict[str, int], see: str = "") -> str:
    with pytest.raises(DataError) as refused:
        pick("protocol", name, catalogue, see=see)
    return str(refused.value)


def test_a_known_name_gives_its_value() -> None:
    assert pick("protocol", "other", MANY) == 7


def test_an_unknown_name_gets_the_nearest_three_and_the_command() -> None:
    assert refusal("glyps-5w1s", MANY, "fewbench protocol list") == (
        "unknown protocol 'glyps-5w1s'. Did you mean 'glyphs-5w1s', 'glyphs-5w5s' or "
        "'glyphs-20w1s'? To see all names: fewbench protocol list"
    )


def test_capital_letters_do_not_hide_the_nearest() -> None:
    said = refusal("GLYPHS-5W1S", MANY, "fewbench protocol list")
    assert "Did you mean 'glyphs-5w1s', 'glyphs-5w5s' or 'glyphs-20w1s'?" in said


def test_a_name_like_no_other_gets_only_the_command() -> None:
    assert refusal("xyz", MANY, "fewbench protocol list") == (
        "unknown protocol 'xyz'. To see all names: fewbench protocol list"
    )


def test_a_small_catalogue_is_listed() -> None:
    assert refusal("b1", {"b2": 1, "a": 2}, "fewbench protocol list") == (
        "unknown protocol 'b1'. Did you mean 'b2'? Known: a, b2."
    )


def test_a_catalogue_without_a_command_is_listed() -> None:
    assert refusal("xyz", MANY).endswith(f"Known: {', '.join(sorted(MANY))}.")


def test_the_nearest_dataset_is_suggested() -> None:
    with pytest.raises(DataError, match="Did you mean 'omniglot'.*Known: .*omniglot-n"):
        pick("dataset", "omnigolt", BUILDERS)
    with pytest.raises(DataError, match="unknown dataset 'xyz'. Known:"):
        pick("dataset", "xyz", BUILDERS)


def test_a_long_unknown_name_is_cut_in_the_error() -> None:
    with pytest.raises(DataError) as info:
        pick("colour", "[" * 5000, {"red": 1})

    assert len(str(info.value)) < 200

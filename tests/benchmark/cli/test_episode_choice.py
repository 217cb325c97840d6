from pathlib import Path

import pytest

from fewbench.benchmark.cli.episode_choice import EpisodeChoice, number_or_file
from fewbench.errors import UserError


def test_episodes_are_a_number_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "e.npz"
    file.touch()
    assert number_or_file(None) == (None, None)
    assert number_or_file("300") == (300, None)
    assert number_or_file(str(file)) == (None, file)
    with pytest.raises(UserError, match="fewbench protocol export NAME --out FILE"):
        number_or_file(str(tmp_path / "nowhere"))


def test_each_protocol_is_opened_once_in_the_order_given() -> None:
    names = ("glyphs-20w1s", "glyphs-5w1s", "glyphs-20w1s")
    streams, stop = EpisodeChoice(names, episodes="30").open(None)
    assert [stream.protocol.name for stream in streams] == [
        "glyphs-20w1s-30ep",
        "glyphs-5w1s-30ep",
    ]
    assert stop is None


def test_a_half_width_becomes_a_rule_that_stops() -> None:
    choice = EpisodeChoice(("glyphs-5w1s",), episodes="400", half_width=0.02)
    _, stop = choice.open(None)
    assert stop is not None
    assert (stop.half_width, stop.most_episodes) == (0.02, 400)


def test_a_file_allows_no_change_of_its_episodes(tmp_path: Path) -> None:
    file = tmp_path / "e.npz"
    file.touch()
    choice = EpisodeChoice(
        episodes=str(file),
        half_width=0.1,
        disjoint=True,
        changes={"way": 2, "shot": None},
    )
    with pytest.raises(UserError, match="Omit --way, --disjoint, --until-half-width"):
        choice.open(None)


def test_no_protocol_and_no_file_gets_the_option_to_add() -> None:
    with pytest.raises(UserError, match="Add --protocol NAME"):
        EpisodeChoice(episodes="300").open(None)

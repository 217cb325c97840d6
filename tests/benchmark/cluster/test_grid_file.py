"""GRID.toml: what it says, and what is said of mistakes in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.cluster.grid_file import (
    GridError,
    parse_grid,
    read_grid,
    settings_texts,
)

PART = '[[part]]\nrecipes = ["protonet-glyphs"]\nprotocols = ["glyphs-5w1s"]\n'


def test_a_part_is_enough() -> None:
    grid = parse_grid(PART.encode())
    assert grid.all_seeds == [0]
    assert grid.threads == 1
    assert list(grid.part[0].combinations()) == [{}]


def test_every_combination_of_what_varies_is_a_training() -> None:
    text = f"seeds = [4, 2, 4]\n{PART}[part.vary]\nshot = [1, 5]\nlr = [0.1, 0.2]\n"
    grid = parse_grid(text.encode())
    assert grid.all_seeds == [4, 2]
    assert list(grid.part[0].combinations()) == [
        {"shot": 1, "lr": 0.1},
        {"shot": 1, "lr": 0.2},
        {"shot": 5, "lr": 0.1},
        {"shot": 5, "lr": 0.2},
    ]


def test_settings_become_texts_as_on_the_command_line() -> None:
    settings = {"lr": 0.1, "backbone": "conv4", "maml": {"inner_lr": 0.4}, "x": True}
    assert settings_texts(settings) == [
        "lr=0.1",
        'backbone="conv4"',
        "maml.inner_lr=0.4",
        "x=true",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "part is missing"),
        (f"seed = 3\n{PART}", "seed: unknown key. The keys here are part, seeds,"),
        (
            '[[part]]\nrecipes = ["a"]\nprotocol = ["b"]\n',
            "part 1.protocol: unknown key. The keys here are recipes, protocols,",
        ),
        (f"{PART}[part.vary]\nshot = 3\n", "part 1.vary.shot: expected"),
        (f"{PART}{PART}episodes = 1\n", "part 2.episodes: expected a number greater"),
        (f"seeds = 0\n{PART}", "seeds: expected a number greater than or equal to 1"),
        (
            f"seeds = [1, -1]\n{PART}",
            "seeds.1: expected a number greater than or equal",
        ),
        (f"threads = 1.5\n{PART}", "threads: expected a whole number"),
        (f"{PART}episodes = [\n", "it is no TOML"),
    ],
)
def test_a_mistake_is_named_with_its_part(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "g.toml"
    path.write_text(text)
    with pytest.raises(GridError) as caught:
        read_grid(path)
    assert str(caught.value).startswith(f"{path}: cannot be used as a grid: {said}")
    assert "\n" not in str(caught.value)
    assert "The smallest grid is a line [[part]], and below" in str(caught.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(GridError, match=r"none.toml: cannot be .* No such file"):
        read_grid(tmp_path / "none.toml")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_grid_or_a_sentence(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_grid(junk)
    assert "\n" not in str(caught.value).strip()

"""The code stays easy to read aloud: one thought a line, short modules, short functions."""

from pathlib import Path

import pytest

from fewbench_tests.density import measure, modules_of
from fewbench_tests.paths import REPOSITORY

ROOMS = ["datasets", "baselines", "reports", "benchmark"]

SMALL = '''
"""A docstring is no code."""

# Neither is a comment.
def double(text):
    """Nor this."""
    letters = [one for one in text]
    return "s" * letters
'''


def test_density_is_counted_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "small.py"
    path.write_text(SMALL)

    density = measure([path])

    assert density.code_lines == 3
    # Each docstring is a statement and a text. Then come the function, the assignment with its
    # target, its comprehension and three names, and `return` with the product and its sides.
    assert density.nodes == 2 + 2 + 1 + 6 + 4
    assert density.comprehensions == 1
    assert density.products == 1
    assert density.module_lines == [8]
    assert density.function_lines == [4]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_not_dense(room: str) -> None:
    density = measure(modules_of(REPOSITORY / room))

    assert density.nodes_a_line <= 4.5
    assert density.comprehensions_per_1000_lines <= 25
    assert density.products == 0
    assert max(density.module_lines) <= 300

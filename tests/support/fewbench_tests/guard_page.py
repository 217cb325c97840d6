"""What docs/guard.md shows: its first test file, and what pytest prints."""

import re

from fewbench_tests.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "guard.md").read_text(encoding="utf-8")


def example() -> str:
    """Return the first test file of the page."""
    return PAGE.partition("```py\n")[2].partition("```")[0]


def shown(name: str) -> list[str]:
    """Return the lines of an output that the page shows."""
    block = PAGE.partition(f"<!-- {name} -->\n```\n")[2]
    return block.partition("```\n<!--")[0].splitlines()


def without_numbers(line: str) -> str:
    """Return a line with each number as 0: another machine may round in another way."""
    return re.sub(r"[\d,]+", "0", line)

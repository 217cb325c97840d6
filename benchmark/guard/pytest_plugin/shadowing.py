"""Notice tests whose fixture `accuracy` is not the one of fewbench."""

from pathlib import Path
from typing import Any

import pytest

from .concerned import FIXTURE, MARKER, is_check


def why_unchecked(item: pytest.Item) -> str:
    """Return why a test with the marker `accuracy` checks nothing; "" if it does.

    item: a test that has the fixture or the marker
    """
    if is_check(item):
        return ""
    if MARKER not in getattr(item, "fixturenames", ()):
        return (
            f"{item.nodeid}: the marker accuracy has no effect: expected a test that uses "
            f"the fixture accuracy, got one that does not. Add accuracy to its arguments, "
            f"or remove the marker"
        )
    return (
        f"{item.nodeid}: the marker accuracy has no effect: expected the fixture accuracy "
        f"of fewbench, got {_place(item)}. Use the fixture {FIXTURE} in its place"
    )


def _place(item: pytest.Item) -> str:
    """Return where the fixture `accuracy` of a test is defined, in words."""
    # pytest has no public way to ask for this.
    info: Any = getattr(item, "_fixtureinfo", None)
    definitions = getattr(info, "name2fixturedefs", {}).get(MARKER, ())
    if not definitions:
        return "another one"
    code = getattr(definitions[-1].func, "__code__", None)
    if code is None:
        return "another one"
    path = Path(code.co_filename)
    return f"the one in {path.name}, line {code.co_firstlineno}"

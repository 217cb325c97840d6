"""Say what is wrong with a key of a recipe."""

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fewbench.documents import shown
from fewbench.plain_words import plain

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def fault_text(
    fault: "ErrorDetails",
    keys: Sequence[str],
) -> str:
    """Return what is wrong with a key or its value, and what was expected."""
    parts = map(str, fault["loc"])
    key = ".".join(parts)
    key = shown(key)
    kind = fault["type"]
    if kind.startswith("missing"):
        return f"{key} is missing"
    if kind == "unexpected_keyword_argument":
        meant = ""
        for nearest in difflib.get_close_matches(key, keys, 1):
            meant = f". Did you mean '{nearest}'?"
        return f"{key}: expected a key of a recipe, got another one{meant}"
    got = repr(fault["input"])
    got = shown(got, 40)
    expected = plain(fault["msg"])
    return f"{key}: {expected}, got {got}"

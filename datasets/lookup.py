"""Look a name up in a catalogue, say which was probably meant, and show those of strangers."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from .info import DataError

Value = TypeVar("Value")


def pick(kind: str, name: str, catalogue: Mapping[str, Value]) -> Value:
    """The entry called `name`. Raises DataError with the nearest and all valid names."""
    if name in catalogue:
        return catalogue[name]
    near = get_close_matches(name, catalogue, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise DataError(
        f"unknown {kind} '{name}'.{hint} Known: {', '.join(sorted(catalogue))}."
    )


def shown(text: str, longest: int = 80) -> str:
    """What stems from a stranger's file as a message may carry it: short, and one line of text."""
    return text[:longest] if text.isprintable() else ascii(text[:longest])

"""Look a name up in a catalogue and suggest the nearest ones when it is unknown.

Also `shown`, which makes text from a stranger's file safe to print.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from .info import DataError

Value = TypeVar("Value")

_NEAREST = 3  # how many names an error suggests
_LEAST_ALIKE = 0.5  # a name less like the typed one (0 to 1) is not suggested
_SMALL = 8  # a catalogue of at most so many names is listed whole


def pick(
    kind: str, name: str, catalogue: Mapping[str, Value], *, see: str = ""
) -> Value:
    """The value called `name`.

    kind: what the names stand for, e.g. "dataset"
    see: the command that lists all names; a small catalogue is listed in the message instead
    Raises DataError with the three nearest names.
    """
    if name in catalogue:
        return catalogue[name]
    sentences = [f"unknown {kind} '{name}'."]
    nearest = get_close_matches(name, catalogue, n=_NEAREST, cutoff=_LEAST_ALIKE)
    if nearest:
        sentences.append(f"Did you mean {_alternatives(nearest)}?")
    if see and len(catalogue) > _SMALL:
        sentences.append(f"See them all: {see}")
    else:
        sentences.append(f"Known: {', '.join(sorted(catalogue))}.")
    raise DataError(" ".join(sentences))


def _alternatives(names: Sequence[str]) -> str:
    """'a', 'b' or 'c'"""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) == 1:
        return quoted[0]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def shown(text: str, longest: int = 80) -> str:
    """Text from a stranger's file, made safe for a message: cut short and on one line."""
    cut = text[:longest]
    if text.isprintable():
        return cut
    return ascii(cut)

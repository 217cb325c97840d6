"""Look up a name in a catalogue, and suggest similar names if it is unknown."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from fewbench.documents import shown

from .info import DataError

Value = TypeVar("Value")

_NEAREST = 3  # an error suggests at most this many names
_LEAST_ALIKE = 0.5  # a suggested name has at least this similarity (0 to 1)
_SMALL = 8  # a catalogue with at most 8 names is listed completely


def pick(
    kind: str, name: str, catalogue: Mapping[str, Value], *, see: str = ""
) -> Value:
    """Return the value with this name in a catalogue.

    kind: the word for the value in the error, such as "dataset"
    see: the command that lists all names; if the catalogue is small or `see` is empty,
        the error itself lists all names
    Raises DataError if the name is unknown. The error suggests up to 3 similar names.
    """
    if name in catalogue:
        return catalogue[name]
    sentences = [f"unknown {kind} '{shown(name)}'."]
    # Names of catalogues are in lower case.
    nearest = get_close_matches(
        name.lower(), catalogue, n=_NEAREST, cutoff=_LEAST_ALIKE
    )
    if nearest:
        sentences.append(f"Did you mean {_alternatives(nearest)}?")
    if see and len(catalogue) > _SMALL:
        sentences.append(f"To see all names: {see}")
    else:
        sentences.append(f"Known: {', '.join(sorted(catalogue))}.")
    raise DataError(" ".join(sentences))


def _alternatives(names: Sequence[str]) -> str:
    """Return the names quoted and joined, such as "'a', 'b' or 'c'"."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) == 1:
        return quoted[0]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"

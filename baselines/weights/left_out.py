"""Leave out tensors of a file on the user's request, and say how to request it."""

import shlex
from collections.abc import Collection, Sequence

from torch import Tensor

from fewbench.documents import shown

from ..learner import BaselineError
from .tensor_file import TensorFile

# An error lists at most this many tensors.
_LISTED = 8


def kept_tensors(
    file: TensorFile,
    drop: Sequence[str],
) -> dict[str, Tensor]:
    """Return the tensors of a file without those that the user leaves out.

    drop: the starts of their names
    Raises BaselineError if a start fits no tensor.
    """
    kept = dict(file.tensors)
    for start in drop:
        dropped = [name for name in kept if is_part(name, start)]
        if not dropped:
            names = [shown(name) for name in file.tensors]
            raise BaselineError(
                f"--drop {start}: expected the start of a name in {file.name}, got none "
                f"of {listed(names)}. Omit it, or correct it"
            )
        for name in dropped:
            del kept[name]
    return kept


def is_part(
    name: str,
    start: str,
) -> bool:
    """Return whether a tensor is called `start`, or lies in the part of this name."""
    if not name.startswith(start):
        return False
    rest = name.removeprefix(start)
    return not rest or rest[0] in "./_"


def part_to_drop(
    name: str,
    used: Collection[str],
) -> str:
    """Return the option that leaves out a tensor and what stands beside it.

    It names the shortest start of the tensor's name that no used tensor has.
    """
    parts = name.split(".")
    for length in range(1, len(parts)):
        start = ".".join(parts[:length])
        if not any(is_part(other, start) for other in used):
            return drop_option(start)
    return drop_option(name)


def drop_option(start: str) -> str:
    """Return the option as it is typed. A name from a file cannot add another command."""
    return f"--drop {shlex.quote(shown(start))}"


def listed(words: Sequence[str]) -> str:
    """Return the first words, and the number of the others."""
    text = ", ".join(words[:_LISTED])
    n_others = len(words) - _LISTED
    if n_others > 0:
        text = f"{text} and {n_others} more"
    return text

"""Take a few names out of many, evenly spread over all."""

from collections.abc import Sequence


def evenly_spread(names: Sequence[str], most: int) -> list[str]:
    """Return up to `most` names, evenly spread over all."""
    n_names = len(names)
    n_taken = min(most, n_names)
    taken: list[str] = []
    for i in range(n_taken):
        place = i * n_names // n_taken
        taken.append(names[place])
    return taken

"""Find which of many results are compared with each other."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..reports.records import RunResult


class Saved(NamedTuple):
    """A result, and the path of its JSON document."""

    path: Path
    result: RunResult


@dataclass(frozen=True)
class Groups:
    """The results that are compared with each other, and those without a partner.

    groups: at least two results each
    alone: the results that are compared with none
    """

    groups: list[list[Saved]]
    alone: list[Saved]


def pair_folders(first: Sequence[Saved], second: Sequence[Saved]) -> Groups:
    """Pair the results of two folders by protocol, learner and training seed.

    A result whose training seed the other folder lacks is paired with the only other one
    that is left of its protocol and learner. In each pair, the result of `first` is first.
    """
    pairs: list[list[Saved]] = []
    left = list(first)
    right = list(second)
    for key in (_with_seed, _without_seed):
        for one in list(left):
            partner = _only_partner(one, left, right, key)
            if partner is not None:
                pairs.append([one, partner])
                left.remove(one)
                right.remove(partner)
    pairs.sort(key=lambda pair: pair[0].result.file_stem)
    return Groups(pairs, [*left, *right])


def group_by_protocol(results: Sequence[Saved]) -> Groups:
    """Group results by the name of their protocol, in the order of the results.

    If no two results have the same protocol, all of them are one group. To compare it then
    fails with the difference between the protocols.
    """
    by_name: dict[str, list[Saved]] = {}
    for one in results:
        by_name.setdefault(one.result.protocol.name, []).append(one)
    groups = [group for group in by_name.values() if len(group) > 1]
    if not groups:
        return Groups([list(results)], [])
    singles = [group[0] for group in by_name.values() if len(group) == 1]
    return Groups(groups, singles)


def _with_seed(one: Saved) -> Hashable:
    return one.result.file_stem


def _without_seed(one: Saved) -> Hashable:
    return one.result.protocol.name, one.result.learner


def _only_partner(
    one: Saved,
    left: Sequence[Saved],
    right: Sequence[Saved],
    key: Callable[[Saved], Hashable],
) -> Saved | None:
    """Return the result on the right with the key of `one`; None if it is not certain."""
    rivals = [other for other in left if key(other) == key(one)]
    partners = [other for other in right if key(other) == key(one)]
    if len(rivals) == 1 and len(partners) == 1:
        return partners[0]
    return None

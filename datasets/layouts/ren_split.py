"""The split of Ren et al. (2018): which classes of ILSVRC2012 are tieredImageNet."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RenSplit:
    """Which classes make the dataset.

    classes: wnid -> (split, category, words of its synset)
    counts: wnid -> (fewest, most) images that the class can have in ILSVRC2012
    """

    classes: Mapping[str, tuple[str, str, str]]
    counts: Mapping[str, tuple[int, int]]

    def by_words(self) -> dict[str, str]:
        """Words of a synset -> wnid; both all of them and the first alone, see plain."""
        by_all = {}
        by_first = {}
        for wnid, (_, _, words) in self.classes.items():
            by_all[plain(words)] = wnid
            first, _, _ = words.partition(",")
            by_first[plain(first)] = wnid
        return by_first | by_all


def plain(words: str) -> str:
    """Words in lower case with single spaces, so that spellings can be compared."""
    lower = words.replace("_", " ").lower()
    return " ".join(lower.split())

"""The split of Ren et al. (2018): the ILSVRC2012 classes that form tieredImageNet."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RenSplit:
    """The classes of tieredImageNet.

    A class is named by its wnid, the WordNet ID such as n01532829.
    classes: wnid -> (split, category, words of the WordNet synset)
    counts: wnid -> (least, greatest) possible number of images in ILSVRC2012
    """

    classes: Mapping[str, tuple[str, str, str]]
    counts: Mapping[str, tuple[int, int]]

    def by_words(self) -> dict[str, str]:
        """Return a dict that finds the wnid of a class by the words of its synset.

        Each class has two keys: all words of its synset, and the first word or phrase
        alone. Both are spelled as the function `plain` returns them.
        """
        by_all = {}
        by_first = {}
        for wnid, (_, _, words) in self.classes.items():
            by_all[plain(words)] = wnid
            first, _, _ = words.partition(",")
            by_first[plain(first)] = wnid
        return by_first | by_all


def plain(words: str) -> str:
    """Return words in lower case with single spaces, to compare their spellings."""
    lower = words.replace("_", " ").lower()
    return " ".join(lower.split())

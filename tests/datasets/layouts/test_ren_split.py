"""The split of Ren et al.: classes are found by the words of their synset."""

import pytest

from fewbench.datasets import tieredimagenet
from fewbench.datasets.layouts.ren_split import RenSplit, plain


def test_words_name_each_class_once() -> None:
    known = tieredimagenet.ren_split().by_words()
    assert known["house finch, linnet, carpodacus mexicanus"] == "n01532829"
    assert known["house finch"] == "n01532829"
    assert len(set(known.values())) == 608


def test_all_words_of_one_class_win_over_the_first_of_another() -> None:
    ren = RenSplit(
        {"n1": ("train", "n0", "crane, bird"), "n2": ("val", "n0", "crane")}, counts={}
    )
    assert ren.by_words() == {"crane": "n2", "crane, bird": "n1"}


@pytest.mark.parametrize("words", ["House Finch", "house_finch", "  house  finch\n"])
def test_spellings_are_compared_in_a_plain_form(words: str) -> None:
    assert plain(words) == "house finch"

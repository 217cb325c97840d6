"""Class folders of ILSVRC2012 are advised for the dataset that they are best for."""

import pytest

from fewbench.datasets.identity import Found
from fewbench.datasets.layouts.ilsvrc_identity import recognise_ilsvrc
from fewbench.datasets.miniimagenet import ravi_split
from fewbench.datasets.tieredimagenet import ren_split

MINI = list(ravi_split().numbers)
TIERED = list(ren_split().classes)


def tars(wnids: list[str]) -> Found:
    return Found("images", "x", [f"{wnid}.tar" for wnid in wnids])


@pytest.mark.parametrize(
    ("wnids", "best", "other", "is_whole"),
    [
        (MINI, "miniimagenet", "tieredimagenet", True),
        (TIERED, "tieredimagenet", "miniimagenet", True),
        (TIERED[:3], "tieredimagenet", "miniimagenet", False),
    ],
)
def test_one_dataset_claims_the_tars(
    wnids: list[str], best: str, other: str, is_whole: bool
) -> None:
    found = tars(wnids)
    assert recognise_ilsvrc(found, other) is None
    identity = recognise_ilsvrc(found, best)
    assert identity is not None
    assert identity.dataset == best
    assert identity.advice.endswith("--allow-missing") is not is_whole


def test_other_classes_and_other_files_are_not_claimed() -> None:
    assert recognise_ilsvrc(tars(["n00000000"]), "miniimagenet") is None
    assert recognise_ilsvrc(Found("csv", "x", MINI), "miniimagenet") is None

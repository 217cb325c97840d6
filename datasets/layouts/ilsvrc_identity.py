"""Recognise the class folders and tars of ILSVRC2012, which several datasets use."""

import re
from functools import cache

from ..identity import Found, Identity, advised_command
from ..splits import read_classes

WNID = re.compile(r"(?:^|/)(n\d{8})(?:/|\.tar$)")
_FEWEST_OF_WHOLE_CLASS = 600  # images; each class of ILSVRC2012 has 732 or more


def recognise_ilsvrc(found: Found, dataset: str) -> Identity | None:
    """Identify class folders or tars as a source of `dataset`; None if they are not.

    None is also returned if the classes fit the other dataset better.
    dataset: "miniimagenet" or "tieredimagenet"
    """
    if found.kind != "images":
        return None
    wnids = _wnids_in(found.content)
    mini = _wnids_of("miniimagenet_ravi")
    tiered = _wnids_of("tieredimagenet_ren")
    n_mini = len(wnids & mini)
    n_tiered = len(wnids & tiered)
    if not n_mini and not n_tiered:
        return None
    has_all_mini = n_mini == len(mini)
    best = "tieredimagenet"
    if has_all_mini or not n_tiered:
        best = "miniimagenet"
    if dataset != best:
        return None
    has_all_classes = has_all_mini or n_tiered == len(tiered)
    is_whole = has_all_classes and _has_whole_classes(found, len(wnids))
    return Identity(
        what=f"{len(wnids)} ImageNet classes: {n_mini} of miniImageNet's {len(mini)}, "
        f"{n_tiered} of tieredImageNet's {len(tiered)}",
        dataset=dataset,
        layout="class folders or tars",
        shape=found.size,
        channels="RGB",
        advice=advised_command(dataset, found.label, is_whole=is_whole),
    )


@cache
def _wnids_of(scheme: str) -> frozenset[str]:
    return frozenset(read_classes(scheme))


def _wnids_in(names: list[str]) -> set[str]:
    wnids: set[str] = set()
    for name in names:
        match = WNID.search(name)
        if match:
            wnids.add(match[1])
    return wnids


def _has_whole_classes(found: Found, n_classes: int) -> bool:
    """Return whether each class is a tar, or has at least 600 images on average."""
    n_tars = sum(name.endswith(".tar") for name in found.content)
    return (
        n_tars >= n_classes or len(found.content) >= _FEWEST_OF_WHOLE_CLASS * n_classes
    )

"""Identify the image files and inner tars of a source by their names."""

import re
from collections.abc import Iterable

from ..archives.tree import Tree
from ..layouts.ravi_split import ravi_members
from ..layouts.source_file import IMAGE_SUFFIXES
from ..layouts.source_files import SourceFiles
from ..miniimagenet import ravi_split
from ..tieredimagenet import ren_split
from .identity import Identity, build_command
from .resampling import sizes_of

_WNID = re.compile(r"(?:^|/)(n\d{8})(?:/|\.tar$)")
_OMNIGLOT = re.compile(r"(?:^|/)([^/]+/character\d\d)/\d{4}_\d\d\.png$")
_OMNIGLOT_CLASSES = 1623
_FEWEST_OF_WHOLE_CLASS = 600  # images; each class of ILSVRC2012 has 732 or more


def image_names(tree: Tree) -> list[str]:
    """Return the names of image files, of files in class folders, and of class tars."""
    names: list[str] = []
    for name in tree.names():
        is_image = name.lower().endswith(IMAGE_SUFFIXES)
        if is_image or _WNID.search(name):
            names.append(name)
    return names


def identify_images(source: SourceFiles, names: list[str]) -> Identity:
    """Identify the dataset that a source of images contains.

    names: the names of image files and inner tars, at least one name
    """
    label = source.tree.label
    mini = ravi_split().numbers.keys()
    tiered = ren_split().classes.keys()
    size = sizes_of(source.tree, names)
    of_ravi = ravi_members(source.tree, ravi_split())
    if of_ravi:
        is_whole = len(of_ravi) == len(mini)
        return Identity(
            what=f"{len(of_ravi)} of 100 classes of miniImageNet, with Ravi's file "
            f"names",
            dataset="miniimagenet",
            layout="named images",
            shape=size,
            channels="RGB",
            advice=_advice("miniimagenet", label, is_whole=is_whole),
        )
    wnids = _matches(_WNID, names)
    if wnids & mini or wnids & tiered:
        return _identify_imagenet(wnids, names, size, label)
    letters = _matches(_OMNIGLOT, names)
    if letters:
        is_whole = len(letters) == _OMNIGLOT_CLASSES
        return Identity(
            what=f"{len(letters)} characters of Omniglot",
            dataset="omniglot",
            layout="images",
            shape=size,
            channels="ink is 0",
            advice=_advice("omniglot", label, is_whole=is_whole),
        )
    return Identity(
        what=f"{len(names)} images of something else",
        shape=size,
    )


def _identify_imagenet(
    wnids: set[str], names: list[str], size: str, label: str
) -> Identity:
    """Identify images of ImageNet classes. Some classes are in mini- or tieredImageNet.

    wnids: the WordNet ids of the classes in the source
    """
    mini = ravi_split().numbers.keys()
    tiered = ren_split().classes.keys()
    n_mini = len(wnids & mini)
    n_tiered = len(wnids & tiered)
    has_all_mini = n_mini == len(mini)
    has_all_tiered = n_tiered == len(tiered)
    dataset = "tieredimagenet"
    if has_all_mini or not n_tiered:
        dataset = "miniimagenet"
    # A whole training set has hundreds of images, or an inner tar, for each class.
    has_all_images = len(names) >= _FEWEST_OF_WHOLE_CLASS * len(wnids)
    has_tars = names[0].endswith(".tar")
    has_all_classes = has_all_mini or has_all_tiered
    is_whole = has_all_classes and (has_all_images or has_tars)
    return Identity(
        what=f"{len(wnids)} ImageNet classes: {n_mini} of miniImageNet's {len(mini)}, "
        f"{n_tiered} of tieredImageNet's {len(tiered)}",
        dataset=dataset,
        layout="class folders or tars",
        shape=size,
        channels="RGB",
        advice=_advice(dataset, label, is_whole=is_whole),
    )


def _matches(pattern: re.Pattern[str], names: Iterable[str]) -> set[str]:
    """Return the text of a pattern's first group in each name that matches."""
    matches: set[str] = set()
    for name in names:
        match = pattern.search(name)
        if match:
            matches.add(match[1])
    return matches


def _advice(dataset: str, label: str, *, is_whole: bool) -> str:
    command = build_command(dataset, label)
    return command if is_whole else f"{command} --allow-missing"

"""Tell from pixels how images were made: their size, and the filter that resized them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..archives.tree import Tree
from ..images.decode import decode
from ..images.resample import tell_resampling
from ..info import ClassImages, DataError, Request
from ..layouts.ilsvrc import find_classes
from ..layouts.miniimagenet import ravi_members
from ..layouts.source_files import open_source
from ..miniimagenet import INFO, ravi_split

_MOST_SIZES = 20
_Differences = dict[str, float]  # filter -> mean absolute difference, grey levels


def sizes_of(tree: Tree, names: Sequence[str]) -> str:
    """Width and height of a few images, spread over all; empty if there are only tars."""
    image_names = [name for name in names if not name.endswith(".tar")]
    step = len(image_names) // _MOST_SIZES
    spread = image_names[:: max(step, 1)]
    sizes: Counter[tuple[int, int]] = Counter()
    for name in spread[:_MOST_SIZES]:
        encoded = tree.read(name)
        image = decode(encoded, name, "RGB")
        sizes[image.size] += 1
    if not sizes:
        return ""
    if len(sizes) > 1:
        return "of many sizes"
    width, height = next(iter(sizes))
    return f"{width} x {height}"


def resampling_family(path: Path, originals: Path, n_images: int = 20) -> _Differences:
    """Filter -> mean absolute difference to the images at `path`, the best filter first.

    path: miniImageNet in any layout
    originals: the images in full size, named as in Ravi's CSVs or in ILSVRC2012's training
        set
    Raises DataError when the two share no image.
    """
    request = Request(path, allow_missing=True)
    listing = INFO.list_classes(request)
    source = open_source(Request(originals))
    member_of = _original_members(originals)
    per_class = max(1, n_images // 4)
    by_image: list[_Differences] = []
    for one in listing.classes:
        if len(by_image) >= n_images:
            break
        shared = [i for i, name in enumerate(one.image_names) if name in member_of]
        if shared:
            places = shared[:per_class]
            by_image += _differences(one, places, source.tree, member_of)
    if not by_image:
        raise DataError(
            f"{path} and {originals}: share no image by name, so none can be compared. "
            f"Name the folder of the full-size images: --originals DIR"
        )
    return _means(by_image)


def _means(by_image: Sequence[_Differences]) -> _Differences:
    """The mean over all images, smallest first."""
    means: _Differences = {}
    for name in by_image[0]:
        of_filter = [differences[name] for differences in by_image]
        means[name] = float(np.mean(of_filter))
    best_first: _Differences = {}
    for name in sorted(means, key=means.__getitem__):
        best_first[name] = means[name]
    return best_first


def _differences(
    one: ClassImages, places: Sequence[int], tree: Tree, member_of: Mapping[str, str]
) -> list[_Differences]:
    """How some images of a class differ from their originals under each filter.

    places: which images of the class
    """
    pixels = one.read()
    by_image: list[_Differences] = []
    for place in places:
        image_name = one.image_names[place]
        member = member_of[image_name]
        encoded = tree.read(member)
        original = decode(encoded, member, "RGB")
        differences = tell_resampling(pixels[place], np.asarray(original))
        by_image.append(differences)
    return by_image


def _original_members(originals: Path) -> dict[str, str]:
    """Image name in the split list -> member of the source of full-size images."""
    ravi = ravi_split()
    source = open_source(Request(originals))
    tree = source.tree
    member_of: dict[str, str] = {}
    by_class = ravi_members(tree, ravi)
    for members in by_class.values():
        member_of.update(members)
    found = find_classes(tree, ravi.numbers)
    for wnid, files in found.items():
        # The members of an inner tar are not members of this tree.
        if files.tree is tree:
            numbered = _numbered_members(wnid, files.members)
            member_of.update(numbered)
    return member_of


def _numbered_members(wnid: str, members: Sequence[str]) -> dict[str, str]:
    """Image name in the split list -> member, if all files of the class are there."""
    ravi = ravi_split()
    fewest, most = ravi.counts[wnid]
    n_members = len(members)
    if n_members < fewest or n_members > most:
        return {}
    image_names = ravi.names(wnid)
    _, numbers = ravi.numbers[wnid]
    member_of: dict[str, str] = {}
    for image_name, number in zip(image_names, numbers, strict=True):
        member_of[image_name] = members[number - 1]
    return member_of

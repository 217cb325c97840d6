"""What pixels tell of how they were made: channel order, size, and the filter that resized them."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..archives.tree import Tree
from ..images.decode import decode
from ..images.resample import tell_resampling
from ..info import ClassImages, DataError, Request
from ..layouts.ilsvrc import find_classes
from ..layouts.miniimagenet import ravi_members
from ..layouts.source_files import open_findings
from ..miniimagenet import INFO, ravi_split


def sizes_of(tree: Tree, names: list[str]) -> str:
    """Width and height of a few pictures, spread over all."""
    some = [name for name in names if not name.endswith(".tar")]
    some = some[:: max(1, len(some) // 20)][:20]
    sizes = Counter(decode(tree.read(name), name, "RGB").size for name in some)
    if not sizes:
        return ""
    (width, height), count = sizes.most_common(1)[0]
    return f"{width} x {height}" if count == len(some) else "of many sizes"


def resampling_family(
    path: Path, originals: Path, n_images: int = 20
) -> dict[str, float]:
    """Filter -> mean absolute difference to miniImageNet pictures at `path`, the best one first.

    originals: the pictures in full size, named as in Ravi's CSVs or as ILSVRC2012's training set
    Raises DataError when the two share no image.
    """
    small = INFO.list_classes(Request(path, allow_missing=True)).classes
    large = _original_members(originals)
    tree = open_findings(Request(originals)).tree
    differences: list[dict[str, float]] = []
    for one in small:
        shared = [i for i, name in enumerate(one.image_names) if name in large]
        if shared and len(differences) < n_images:
            differences += _differences(
                one, shared[: max(1, n_images // 4)], tree, large
            )
    if not differences:
        raise DataError(
            f"{path} and {originals}: share no image by name, so none can be compared"
        )
    means = {
        name: float(np.mean([d[name] for d in differences])) for name in differences[0]
    }
    return dict(sorted(means.items(), key=lambda pair: pair[1]))


def _differences(
    one: ClassImages, places: list[int], tree: Tree, large: Mapping[str, str]
) -> list[dict[str, float]]:
    pixels = one.read()
    members = [large[one.image_names[i]] for i in places]
    pictures = [np.asarray(decode(tree.read(name), name, "RGB")) for name in members]
    return [
        tell_resampling(pixels[i], picture)
        for i, picture in zip(places, pictures, strict=True)
    ]


def _original_members(originals: Path) -> dict[str, str]:
    """Name in the split list -> member of the source of full-size pictures."""
    ravi = ravi_split()
    tree = open_findings(Request(originals)).tree
    by_name = ravi_members(tree, ravi)
    named = {name: member for here in by_name.values() for name, member in here.items()}
    for wnid, files in find_classes(tree, ravi.numbers).items():
        fewest, most = ravi.counts[wnid]
        if fewest <= len(files.members) <= most and files.tree is tree:
            numbers = ravi.numbers[wnid][1]
            pairs = zip(ravi.names(wnid), numbers, strict=True)
            named |= {name: files.members[number - 1] for name, number in pairs}
    return named

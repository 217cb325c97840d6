"""Find the size of images, and the filter that resized them, from their pixels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..archives.tree import Tree
from ..images.decode import decode, read_size
from ..images.origins import sizes_text
from ..images.resample import tell_resampling
from ..info import ClassImages, DataError, Request
from ..layouts.ilsvrc import find_classes
from ..layouts.miniimagenet import ravi_members
from ..layouts.source_files import open_source
from ..miniimagenet import INFO, ravi_split

_MOST_READ = 2_000
_Differences = dict[str, float]  # filter -> mean absolute difference in grey levels


def sizes_of(tree: Tree, names: Sequence[str]) -> str:
    """Return the sizes of images as text, such as "84 x 84" (width x height, in pixels).

    The headers of up to 2,000 images are read, evenly spread over all. If their sizes
    differ, the text says how many have each size. It is empty if there are only tars.
    """
    image_names = [name for name in names if not name.endswith(".tar")]
    n_images = len(image_names)
    n_read = min(n_images, _MOST_READ)
    sizes: Counter[str] = Counter()
    for i in range(n_read):
        name = image_names[i * n_images // n_read]
        size = read_size(tree.read(name), name)
        sizes[size] += 1
    text = sizes_text(sizes)
    if n_read < n_images:
        text += f", in {n_read:,} of {n_images:,} images that were looked at"
    return text


def resampling_family(path: Path, originals: Path, n_images: int = 20) -> _Differences:
    """Compare images with their originals, resized with each filter.

    path: a source of miniImageNet in any known layout
    originals: a source of images in full size, with names as in Ravi's CSVs or in the
        class folders of ILSVRC2012's training set
    n_images: the approximate number of images to compare
    Returns filter -> mean absolute difference in grey levels, the best filter first.
    Raises DataError if no image name is in both sources.
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
            f"{path} and {originals}: share no image by name: expected at least one "
            f"image name in both sources, got none. Name the folder with the full-size "
            f"images: --originals DIR"
        )
    return _means(by_image)


def _means(by_image: Sequence[_Differences]) -> _Differences:
    """Return the mean difference of each filter over all images, smallest first."""
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
    """Compare some images of a class with their originals, resized with each filter.

    places: indices of the images in the class
    member_of: image name -> name of the original in `tree`
    Returns filter -> mean absolute difference, for each image.
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
    """Find full-size images: image name in Ravi's CSVs -> file in the source."""
    ravi = ravi_split()
    source = open_source(Request(originals))
    tree = source.tree
    member_of: dict[str, str] = {}
    by_class = ravi_members(tree.names(), ravi)
    for members in by_class.values():
        member_of.update(members)
    found = find_classes(tree, ravi.numbers)
    for wnid, files in found.items():
        # Files in an inner tar belong to another tree and are left out.
        if files.tree is tree:
            numbered = _numbered_members(wnid, files.members)
            member_of.update(numbered)
    return member_of


def _numbered_members(wnid: str, members: Sequence[str]) -> dict[str, str]:
    """Find the images of a class: image name in Ravi's CSVs -> file.

    members: the files of the class, sorted by number
    Empty if the number of files differs from ILSVRC2012.
    """
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

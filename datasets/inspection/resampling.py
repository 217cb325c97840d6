"""Find the size of images, and the filter that resized them, from their pixels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fewbench.documents import shown
from fewbench.progress import Progress, report_nothing

from ..archives.tree import Tree
from ..images.decode import decode, read_size
from ..images.origins import sizes_text
from ..images.resample import tell_resampling
from ..info import DataError, Listing, Request
from ..layouts.ilsvrc import find_classes
from ..layouts.miniimagenet import ravi_members
from ..layouts.source_file import IMAGE_SUFFIXES
from ..layouts.source_files import open_source
from ..miniimagenet import INFO, ravi_split
from .evenly_spread import evenly_spread
from .explanation import Pair
from .originals import ContentSearch

_MOST_READ = 2_000
_MOST_PAIRS = 50
_MOST_LOOKED_FOR = 200  # originals, of which each takes 250 kB of memory
_Differences = dict[str, float]  # filter -> mean absolute difference in grey levels


def sizes_of(tree: Tree, names: Sequence[str]) -> str:
    """Return the sizes of images as text, such as "84 x 84" (width x height, in pixels).

    The headers of up to 2,000 images are read, evenly spread over all. If their sizes
    differ, the text says how many have each size. It is empty if there are only tars.
    """
    image_names = [name for name in names if not name.endswith(".tar")]
    looked_at = evenly_spread(image_names, _MOST_READ)
    sizes: Counter[str] = Counter()
    for name in looked_at:
        data = tree.read(name)
        size = read_size(data, name)
        sizes[size] += 1
    text = sizes_text(sizes)
    n_images = len(image_names)
    if len(looked_at) < n_images:
        text += f", in {len(looked_at):,} of {n_images:,} images that were looked at"
    return text


@dataclass(frozen=True)
class Pairs:
    """Images, and the originals that they were made from.

    pairs: each original, of mode "RGB", and its image, uint8 (H, W, 3)
    found_by: "name" or "content"
    n_originals: the number of originals that were looked for
    n_matched: the number of originals with an image; more than there are pairs, if
        pairs were left out
    n_ambiguous: the number of originals for which two images fit equally well
    """

    pairs: tuple[Pair, ...]
    found_by: str
    n_originals: int
    n_matched: int
    n_ambiguous: int = 0


def original_pairs(
    path: Path, originals: Path, progress: Progress = report_nothing
) -> Pairs:
    """Find images and their originals, by name, or by content if no name is shared.

    By content, at most 200 originals are looked for, evenly spread over all of them.
    At most 50 pairs are returned.
    path: a source of miniImageNet in any known layout
    originals: a source of images in full size. Images are found by name if it has
        the names of Ravi's CSVs or the class folders of ILSVRC2012's training set.
    Raises DataError if no original belongs to an image.
    """
    listing = INFO.list_classes(Request(path, allow_missing=True))
    source = open_source(Request(originals))
    pairs = _by_name(listing, source.tree)
    if pairs is None:
        pairs = _by_content(listing, source.tree, progress)
    if not pairs.pairs:
        raise DataError(
            f"{path} and {originals}: share no image, by name or by content: expected "
            f"at least one, found none for {pairs.n_originals} originals, of which "
            f"{pairs.n_ambiguous} fit several images. Name the folder with the "
            f"full-size images: --originals DIR"
        )
    return pairs


def resampling_family(pairs: Sequence[Pair], n_images: int = 20) -> _Differences:
    """Compare images with their originals, resized with each filter.

    pairs: each original, of mode "RGB", and its image, uint8 (H, W, 3)
    n_images: the number of pairs to compare, the first ones
    Returns filter -> mean absolute difference in grey levels, the best filter first.
    """
    by_image: list[_Differences] = []
    for original, small in pairs[:n_images]:
        pixels = np.asarray(original)
        differences = tell_resampling(small, pixels)
        by_image.append(differences)
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


def _by_name(listing: Listing, tree: Tree) -> Pairs | None:
    """Return pairs of the same name, at most a quarter of them from one class.

    Returns None if no image has the name of an original.
    """
    member_of = _original_members(tree)
    per_class = max(1, _MOST_PAIRS // 4)
    pairs: list[Pair] = []
    n_matched = 0
    for one in listing.classes:
        shared = [i for i, name in enumerate(one.image_names) if name in member_of]
        n_matched += len(shared)
        n_missing = _MOST_PAIRS - len(pairs)
        room = min(per_class, n_missing)
        if not shared or not room:
            continue
        pixels = one.read()
        for place in shared[:room]:
            name = one.image_names[place]
            original = _read_original(tree, member_of[name])
            pairs.append((original, pixels[place]))
    if not pairs:
        return None
    return Pairs(tuple(pairs), "name", len(member_of), n_matched)


def _by_content(listing: Listing, tree: Tree, progress: Progress) -> Pairs:
    chosen = _chosen_originals(tree)
    if not chosen:
        return Pairs((), "content", 0, 0)
    originals = (_read_original(tree, member) for member in chosen)
    side, _, _ = INFO.image_shape
    search = ContentSearch(originals, side)
    _look_at_all(search, listing, progress)
    pairs: list[Pair] = []
    n_matched = 0
    n_ambiguous = 0
    for member, match in zip(chosen, search.matches(), strict=True):
        n_ambiguous += match.is_ambiguous
        if match.image is None:
            continue
        n_matched += 1
        if len(pairs) < _MOST_PAIRS:
            original = _read_original(tree, member)
            pairs.append((original, match.image.pixels))
    return Pairs(tuple(pairs), "content", len(chosen), n_matched, n_ambiguous)


def _chosen_originals(tree: Tree) -> list[str]:
    """Return the names of up to 200 images, evenly spread over all."""
    members = [name for name in tree.names() if name.lower().endswith(IMAGE_SUFFIXES)]
    return evenly_spread(members, _MOST_LOOKED_FOR)


def _look_at_all(search: ContentSearch, listing: Listing, progress: Progress) -> None:
    n_images = sum(len(one.image_names) for one in listing.classes)
    done = 0
    for one in listing.classes:
        pixels = one.read()
        search.look_at(one.name, one.image_names, pixels)
        done += len(one.image_names)
        progress("compare images with originals", done, n_images)


def _read_original(tree: Tree, member: str) -> Image.Image:
    """Return an original. Raises DataError if it is as small as the images are."""
    data = tree.read(member)
    original = decode(data, member, "RGB")
    height, width, _ = INFO.image_shape
    is_narrow = original.width <= width
    is_low = original.height <= height
    if is_narrow and is_low:
        raise DataError(
            f"{tree.label}: image {shown(member, 200)}: expected an original in full size, got "
            f"{original.width} x {original.height} pixels. Name the folder with the "
            f"full-size images: --originals DIR"
        )
    return original


def _original_members(tree: Tree) -> dict[str, str]:
    """Find full-size images: image name in Ravi's CSVs -> file in the source."""
    ravi = ravi_split()
    member_of: dict[str, str] = {}
    names = tree.names()
    by_class = ravi_members(names, ravi)
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
    is_complete = fewest <= n_members <= most
    if not is_complete:
        return {}
    image_names = ravi.names(wnid)
    _, numbers = ravi.numbers[wnid]
    member_of: dict[str, str] = {}
    for image_name, number in zip(image_names, numbers, strict=True):
        member_of[image_name] = members[number - 1]
    return member_of

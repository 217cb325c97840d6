"""Omniglot: 1,623 handwritten characters from 50 alphabets, 20 drawings each.

The dataset was published by Lake et al. (2015). The official files are two zips with
105 x 105 one-bit PNGs, ink 0 on paper 1. Builds store 28 x 28 grey images, ink 255 on
0. They were converted to grey levels and then resized with LANCZOS. Many published
pipelines asked Pillow for LANCZOS on one-bit images, but Pillow silently used NEAREST.
The variant `omniglot-nearest` reproduces this. Other sizes can be built, up to 105 px.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from fewbench.documents import counted, shown

from .archives.refusals import refusal
from .archives.tree import Tree
from .identity import Found, Identity, advised_command
from .info import (
    ClassImages,
    DataError,
    DatasetInfo,
    Listing,
    Originals,
    ProtocolDefaults,
    Request,
    Source,
    SplitCounts,
)
from .layouts.omniglot_images import (
    OFFICIAL_SIDE,
    read_packed,
    resized_classes,
)
from .layouts.omniglot_sets import (
    MissingSet,
    inner_archives,
    open_set,
    set_name,
    without_inner_archives,
)
from .splits import read_split

_SPLIT = "omniglot_vinyals"
_SIDE = 28
_PER_CLASS = 20
_NOT_RESIZED = "none: the original images have this size"
_MEMBER = re.compile(r"(?:.*/)?([^/]+/character\d\d)/\d{4}_\d\d\.png")
_URL = "https://github.com/brendenlake/omniglot/raw/master/python/"
_MIRROR = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"


def _official_zip(set_name: str, md5: str) -> Source:
    file_name = f"{set_name}.zip"
    return Source(
        file_name,
        urls=(f"{_URL}{file_name}", f"{_MIRROR}{file_name}"),
        md5=md5,
        most_bytes=2**26,
    )


# The md5 values are those in the Omniglot loaders of torchvision and torchmeta.
_SOURCES = (
    _official_zip("images_background", "68d2efa1b9178cc56df9314c21c6e718"),
    _official_zip("images_evaluation", "6b91aef0f799c5bb55b94e3f2daec811"),
)
# The sha256 over the name and pixels of every PNG, see read_packed. It detects edited
# images. Unlike the md5, it accepts unpacked folders and archives that were repacked.
_PIXELS = {
    "images_background": "fe09ab00f415819ea3e472f9dbfa615393f0a00ae8e455de8c9a9a5130e7214c",
    "images_evaluation": "9366effc64bbca1f169e842e105e1c442073037a14eb931c2d57d8012a586a3b",
}

# The number of characters in each set.
_SIZES = {"images_background": 964, "images_evaluation": 659}

_Images = Mapping[str, Sequence[str]]  # class name -> its files


def list_classes(request: Request, resampling: str, side: int = _SIDE) -> Listing:
    """Return the 1,623 characters in a source with the two archives or image folders.

    side: the height and width to which images are resized
    Raises DataError if a file is missing or damaged, or has other pixels.
    """
    if request.source is None:
        raise DataError(
            "omniglot: expected a folder with the source files, got none. Add --source "
            "DIR"
        )
    with without_inner_archives(request, _SOURCES) as (plain_request, stamp):
        listing = _list_sets(plain_request, resampling, side)
    if side == OFFICIAL_SIDE:
        listing = replace(listing, resampling=_NOT_RESIZED)
    return replace(listing, stamp=stamp) if stamp else listing


def _list_sets(request: Request, resampling: str, side: int) -> Listing:
    """Return the characters in a source whose sets lie in no archive in an archive."""
    source = request.source or Path()
    split_of = read_split(_SPLIT)
    classes: list[ClassImages] = []
    checks: list[str] = []
    stamps: list[str] = []
    for official in _SOURCES:
        try:
            tree, names, archive_check = open_set(request, source, official)
        except MissingSet:
            if not request.allow_missing:
                raise
            checks.append(f"{set_name(official)} is missing")
            continue
        stamps.append(tree.stamp())
        images = _images_by_class(tree, names, official)
        packed, digest = read_packed(tree, images)
        pixel_check = _check_pixels(tree, official, digest, images)
        checks.append(f"{archive_check}; {pixel_check}")
        checks += check_strays(names)
        classes += resized_classes(images, packed, split_of, resampling, side)
    return Listing(
        tuple(classes),
        checks=tuple(checks),
        layout="images_background and images_evaluation",
        stamp=" ".join(stamps),
    )


def _images_by_class(tree: Tree, names: list[str], official: Source) -> _Images:
    """Return class name -> its 20 files.

    Raises DataError if there are no images, or if a class does not have 20 images.
    """
    images: dict[str, list[str]] = {}
    for name in names:
        match = _MEMBER.fullmatch(name)
        if match is not None:
            images.setdefault(match[1], []).append(name)
    if not images:
        raise refusal(
            tree.label,
            "Omniglot images",
            expected=f"{set_name(official)}/<Alphabet>/characterNN/*.png",
            got="no such file",
            advice=f"Download {official.urls[0]}",
        )
    for class_name, members in images.items():
        if len(members) != _PER_CLASS:
            raise refusal(
                tree.label,
                f"class {class_name}",
                expected=f"{_PER_CLASS} images",
                got=f"{len(members)} images, so the source is not the official one",
            )
    return images


def _check_pixels(tree: Tree, official: Source, got: str, images: _Images) -> str:
    """Compare the digest of a set with the official one. Return the result as text.

    got: the digest from `read_packed`
    Raises DataError if the digests differ.
    """
    name = set_name(official)
    expected = _PIXELS[name]
    if got != expected:
        raise DataError(
            f"{tree.label}: the {name} pixels are not Omniglot's: expected sha256 "
            f"{expected}, got {got}. A file is missing, edited or renamed. "
            f"Download {official.urls[0]} again"
        )
    n_images = sum(len(members) for members in images.values())
    return f"the pixels of all {n_images} images are the official ones"


def check_strays(names: Sequence[str]) -> list[str]:
    """Return a sentence about images that are not Omniglot's, such as "0682_01 (1).png"."""
    strays: list[str] = []
    for name in names:
        if name.endswith(".png") and not _MEMBER.fullmatch(name):
            strays.append(name)
    if not strays:
        return []
    images = counted(len(strays), "image")
    return [f"{images} with another name left out, such as {shown(strays[0])}"]


def recognise(found: Found) -> Identity | None:
    """Identify Omniglot's images by their class folders; None if there are none.

    Its two archives are also recognised inside another archive.
    """
    if found.kind == "archives":
        return _recognise_archives(found)
    if found.kind != "images":
        return None
    characters: set[str] = set()
    for name in found.content:
        match = _MEMBER.fullmatch(name)
        if match is not None:
            characters.add(match[1])
    if not characters:
        return None
    return Identity(
        what=f"{len(characters)} characters of Omniglot",
        dataset="omniglot",
        layout="images",
        shape=found.size,
        channels="ink is 0",
        advice=_advice(found, len(characters)),
    )


def _advice(found: Found, n_characters: int) -> str:
    """Return the command that builds Omniglot from its images in a source.

    Only whole sets can be built, because their pixels are compared with the official ones.
    """
    n_all = sum(_SIZES.values())
    is_whole = n_characters == n_all
    if is_whole or n_characters in _SIZES.values():
        return advised_command("omniglot", found.label, is_whole=is_whole)
    sizes = " or ".join(f"{size:,}" for size in _SIZES.values())
    return (
        f"build it from whole sets of {sizes} characters. To download both: fewbench "
        f"data build omniglot"
    )


def _recognise_archives(found: Found) -> Identity | None:
    inner = inner_archives(found.content, _SOURCES)
    if not inner:
        return None
    is_whole = len(inner) == len(_SOURCES)
    return Identity(
        what=f"{' and '.join(sorted(inner))} of Omniglot",
        dataset="omniglot",
        layout="archives in an archive",
        advice=advised_command("omniglot", found.label, is_whole=is_whole),
    )


_LAYOUTS = (
    "images_background.zip and images_evaluation.zip, or other archives of the same "
    "names",
    "the folders images_background/ and images_evaluation/, or an archive with both",
    "an archive that holds the two zips",
)
INFO = DatasetInfo(
    name="omniglot",
    title="Omniglot, 28 px LANCZOS",
    image_shape=(_SIDE, _SIDE, 1),
    splits={
        "train": SplitCounts(1028, 20560),
        "val": SplitCounts(172, 3440),
        "test": SplitCounts(423, 8460),
    },
    split_scheme=_SPLIT,
    resampling="lanczos",
    polarity="ink 255 on 0",
    licence="MIT",
    citation="Lake, Salakhutdinov, Tenenbaum. Human-level concept learning through probabilistic "
    "program induction. Science 350(6266), 2015. Split: Vinyals et al. 2016.",
    list_classes=partial(list_classes, resampling="lanczos"),
    class_list=partial(read_split, _SPLIT),
    recognise=recognise,
    # As in Snell et al. 2017.
    protocols=ProtocolDefaults(rotations=True),
    published_split="vinyals",
    sources=_SOURCES,
    layouts=_LAYOUTS,
    originals=Originals(
        sources=_SOURCES,
        layouts=_LAYOUTS,
        largest=OFFICIAL_SIDE,
        why="the size of the original images",
    ),
    # Measured from the official pixels with Pillow 13.0.
    reference_sha256={
        "train": "bfd99eabf233012211a96819deeeace061aa699fb477538265b561a931a3f65d",
        "val": "47c744a69d4649388d4d9048ed70b09fc21b16313b8f50dccd98ca21550d6f86",
        "test": "07477de1658bbc6ae95dc100ecf2eb86cefdeb50ee17241d418d6036e0d5d0fb",
    },
)

NEAREST = replace(
    INFO,
    name="omniglot-nearest",
    title="Omniglot, 28 px NEAREST",
    variant_of="omniglot",
    resampling="nearest",
    list_classes=partial(list_classes, resampling="nearest"),
    reference_sha256={
        "train": "46f243a131a5252f8fa0ce35cca637c1d0573e32dfb429830c92f1f699e0cfc6",
        "val": "7bf33a4456049dfaac2527aa41d6f6d057c7f6f970b4115696e076a0e7a07267",
        "test": "99daccfd273fd0bffdc87b00b908b3da3747a8f226fc8ab08b7b5dc9b5a42636",
    },
)

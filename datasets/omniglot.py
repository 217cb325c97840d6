"""Omniglot: 1,623 handwritten characters of 50 alphabets, 20 drawings each (Lake et al. 2015).

The official files are two zips of 105 x 105 one-bit PNGs, ink 0 on paper 1. They are stored as
28 x 28 grey, ink 255 on 0, resized with LANCZOS after conversion to grey levels. Many published
pipelines asked Pillow for LANCZOS on one-bit images and silently got NEAREST; that variant is
built as `omniglot-nearest`.
"""

import hashlib
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from .archives.tree import Tree, open_tree
from .files import file_digest
from .images.decode import decode
from .images.load import read_images
from .info import (
    ClassImages,
    DataError,
    DatasetInfo,
    Listing,
    Request,
    Source,
    SplitCounts,
)
from .splits import read_split

_SIDE = 28
_PER_CLASS = 20
_MEMBER = re.compile(r"(?:.*/)?([^/]+/character\d\d)/\d{4}_\d\d\.png")
_URL = "https://github.com/brendenlake/omniglot/raw/master/python/"
_MIRROR = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
# md5 as in torchvision's and torchmeta's Omniglot loaders.
_SOURCES = tuple(
    Source(f"{name}.zip", (f"{_URL}{name}.zip", f"{_MIRROR}{name}.zip"), md5)
    for name, md5 in (
        ("images_background", "68d2efa1b9178cc56df9314c21c6e718"),
        ("images_evaluation", "6b91aef0f799c5bb55b94e3f2daec811"),
    )
)
# sha256 over name and pixels of every PNG, see _pixel_digest: archives that were packed anew, and
# unpacked folders, can so be told from edited ones.
_PIXELS = {
    "images_background": "fe09ab00f415819ea3e472f9dbfa615393f0a00ae8e455de8c9a9a5130e7214c",
    "images_evaluation": "9366effc64bbca1f169e842e105e1c442073037a14eb931c2d57d8012a586a3b",
}


def list_classes(request: Request, resampling: str) -> Listing:
    """The 1,623 characters of a source: a folder with the two zips or the two image folders.

    Raises DataError when a file is missing, damaged, or its pixels are not Omniglot's.
    """
    if request.source is None:
        raise DataError("omniglot needs a source folder. Use --source DIR")
    split_of = read_split("omniglot_vinyals")
    classes, checks, stamps = [], [], []
    for official in _SOURCES:
        tree, check = _open_set(request.source, official)
        stamps.append(tree.stamp())
        images = _images_by_class(tree, official.filename.removesuffix(".zip"))
        n_images = _check_pixels(tree, official, images)
        checks.append(
            f"{check}; the pixels of all {n_images} images are the official ones"
        )
        classes += [
            ClassImages(
                split_of[name],
                name,
                tuple(Path(member).stem for member in members),
                partial(_read_class, tree, members, resampling),
            )
            for name, members in images.items()
        ]
    form = "images_background and images_evaluation"
    return Listing(tuple(classes), tuple(checks), form, stamp=" ".join(stamps))


def _open_set(source: Path, official: Source) -> tuple[Tree, str]:
    """The tree of one of the two sets, and what its archive checksum says."""
    archive = source / official.filename
    folder = source / official.filename.removesuffix(".zip")
    if archive.is_file():
        tree = open_tree(archive)
        same = file_digest(archive, "md5") == official.md5
        words = (
            "archive md5 is the official one"
            if same
            else "archive md5 is not the official one"
        )
        return tree, f"{official.filename}: {words}"
    if folder.is_dir():
        return open_tree(folder), f"{folder.name}/: a folder, no archive checksum"
    raise DataError(
        f"omniglot: neither {official.filename} nor the folder {folder.name}/ is in {source}. "
        f"Fetch {official.urls[0]} and pass its folder: "
        f"fewbench data build omniglot --source DIR"
    )


def _images_by_class(tree: Tree, wanted: str) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for name in tree.names():
        match = _MEMBER.fullmatch(name)
        if match:
            members.setdefault(match[1], []).append(name)
    if not members:
        raise DataError(
            f"{tree.label}: holds no {wanted}/<Alphabet>/characterNN/*.png; is it Omniglot's "
            f"{wanted}.zip?"
        )
    for name, found in members.items():
        if len(found) != _PER_CLASS:
            raise DataError(
                f"{tree.label}: class {name} has {len(found)} images, expected {_PER_CLASS}. "
                f"The source is incomplete; fetch it again."
            )
    return members


def _check_pixels(tree: Tree, official: Source, images: dict[str, list[str]]) -> int:
    wanted = official.filename.removesuffix(".zip")
    got = _pixel_digest(tree, images)
    if got != _PIXELS[wanted]:
        raise DataError(
            f"{tree.label}: the {wanted} pixels are not Omniglot's: expected sha256 "
            f"{_PIXELS[wanted]}, got {got}. A file is missing, edited or renamed; fetch "
            f"{official.urls[0]} again."
        )
    return sum(map(len, images.values()))


def _pixel_digest(tree: Tree, images: dict[str, list[str]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(images):
        for member in images[name]:
            pixels = np.asarray(decode(tree.read(member), member, "L"))
            digest.update(f"{name}/{Path(member).name} {pixels.shape}\n".encode())
            digest.update(np.packbits(pixels > 127).data)
    return digest.hexdigest()


def _read_class(tree: Tree, members: list[str], resampling: str) -> np.ndarray:
    """uint8 (20, 28, 28, 1) ink 255 on 0."""
    return 255 - read_images(tree, members, (_SIDE, _SIDE, 1), resampling)


INFO = DatasetInfo(
    name="omniglot",
    title="Omniglot, 28 px LANCZOS",
    image_shape=(_SIDE, _SIDE, 1),
    splits={
        "train": SplitCounts(1028, 20560),
        "val": SplitCounts(172, 3440),
        "test": SplitCounts(423, 8460),
    },
    split_scheme="omniglot_vinyals",
    resampling="lanczos",
    polarity="ink 255 on 0",
    licence="MIT",
    citation="Lake, Salakhutdinov, Tenenbaum. Human-level concept learning through probabilistic "
    "program induction. Science 350(6266), 2015. Split: Vinyals et al. 2016.",
    list_classes=partial(list_classes, resampling="lanczos"),
    sources=_SOURCES,
    forms=(
        "images_background.zip and images_evaluation.zip",
        "the folders images_background/ and images_evaluation/",
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
    resampling="nearest",
    list_classes=partial(list_classes, resampling="nearest"),
    reference_sha256={
        "train": "46f243a131a5252f8fa0ce35cca637c1d0573e32dfb429830c92f1f699e0cfc6",
        "val": "7bf33a4456049dfaac2527aa41d6f6d057c7f6f970b4115696e076a0e7a07267",
        "test": "99daccfd273fd0bffdc87b00b908b3da3747a8f226fc8ab08b7b5dc9b5a42636",
    },
)

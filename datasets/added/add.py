"""Make a dataset of a user's own images: `fewbench data add`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from fewbench.documents import counted, shown
from fewbench.progress import Progress

from .. import BUILDERS
from ..archives.tree import Tree
from ..build import Build, build
from ..images.load import read_images
from ..info import (
    ClassImages,
    DataError,
    DatasetInfo,
    Listing,
    Request,
    SplitCounts,
)
from ..layouts.source_files import SourceFiles, open_source
from ..lookup import pick
from ..sizes import SMALLEST, sized_name, split_name, wanted_size
from ..store.manifest import read_manifest
from .folders import are_in_split_folders, classes_in_folders
from .found import SPLITS, FoundClass, image_paths
from .near_equal import near_equal_images
from .record import added_info
from .splitting import check_splits, split_by_ratio
from .tables import classes_in_tables, is_table

SPLIT_BY = ("folder", "csv", "ratio")
RESAMPLING = "lanczos"
_NAME = re.compile(r"[a-z0-9](_?[a-z0-9.-])*")
_LONGEST_NAME = 40
_USUAL_SIZE = 84
_LARGEST_SIZE = 512
_PROTOCOL_LIKE = re.compile(r"-\d+w\d+s")
_LAYOUT = {
    "folder": "class folders in train/, val/ and test/",
    "csv": "images with a CSV that states the splits",
    "ratio": "images, with classes split by a hash of their names",
}
_MOST_NAMED = 20


@dataclass(frozen=True)
class OwnImages:
    """A user's own images, and what to make of them.

    split_by: one of SPLIT_BY; "" to find out how the source states the splits
    size: height and width of the stored images in pixels
    grey: whether to store grey images
    """

    source: Path
    split_by: str = ""
    size: int = _USUAL_SIZE
    grey: bool = False

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.size, self.size, 1 if self.grey else 3


def name_and_size(name: str, size: int | None) -> tuple[str, int]:
    """Return the name of a dataset of own images, and the size of its images.

    The name says the size if it is not the usual one, so that two sizes of the same
    images lie beside each other.
    size: the height and width that the user asks for; None for those in the name, or
        else the usual ones
    Raises DataError if name and size contradict each other, or the size is out of range.
    """
    plain, _ = split_name(name)
    size = wanted_size(name, size) or _USUAL_SIZE
    if not SMALLEST <= size <= _LARGEST_SIZE:
        raise DataError(
            f"{name}: images cannot have {size} x {size} pixels: expected a size of "
            f"{SMALLEST} to {_LARGEST_SIZE}, got {size}. Type for example: fewbench data "
            f"add {plain} FOLDER --size {_LARGEST_SIZE}"
        )
    if size == _USUAL_SIZE:
        return plain, size
    return sized_name(plain, size), size


def add(
    name: str,
    own: OwnImages,
    root: Path,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> Build:
    """Make a dataset of a user's own images in `<root>/<name>`.

    Each class is in one split. An interrupted run is resumed by the same call.
    name: see `name_and_size`
    Raises DataError if the name cannot be used or exists already (without `rebuild`), or
    if the images or their classes cannot be used.
    Raises Busy if another process is making this dataset.
    """
    check_name(name)
    wanted_size(name, own.size)
    _refuse_existing(name, root, rebuild=rebuild)
    request = Request(own.source, scratch=root if root.is_dir() else None)
    with open_source(request).tree as tree:
        files = SourceFiles(tree, request.scratch)
        found, checks, split_by = _find(files, own)
        check_splits(tree.label, found, split_by)
        listing = _listing(tree, own, found, split_by)
        listing = replace(listing, checks=(*checks, *_class_checks(found)))
        info = _info(name, own, found, split_by)
        info = replace(info, list_classes=lambda _: listing)
        built = build(
            info,
            root,
            request,
            rebuild=rebuild,
            progress=progress,
        )
    if built.already_built:  # by another process, meanwhile
        _refuse_existing(name, root, rebuild=False)
    return built


def check_name(name: str) -> None:
    """Raise DataError unless a dataset may have this name, which may say a size."""
    name, _ = split_name(name)
    is_name = _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME
    if not is_name or _PROTOCOL_LIKE.search(name):
        raise DataError(
            f"{shown(name)}: cannot be the name of a dataset: expected at most "
            f"{_LONGEST_NAME} lower-case letters, digits, dots and hyphens that do not "
            f"end like a protocol (-5w1s). Type for example: fewbench data add "
            f"my-images FOLDER"
        )
    for info in BUILDERS.values():
        # Variants of a dataset, and its protocols, begin with its name.
        if name == info.name or name.startswith(f"{info.base}-"):
            raise DataError(
                f"{name}: cannot be the name of your dataset: expected a name that does "
                f"not begin with that of a dataset of fewbench, got one that begins "
                f"with {info.base}. Type for example: fewbench data add my-{name} FOLDER"
            )
    if name == "downloads":
        raise DataError(
            f"{name}: cannot be the name of a dataset: the folder of downloads is "
            f"called so. Type for example: fewbench data add my-{name} FOLDER"
        )


def _refuse_existing(name: str, root: Path, *, rebuild: bool) -> None:
    if rebuild or read_manifest(root / name) is None:
        return
    raise DataError(
        f"{root / name}: exists already. Choose another name; or, to replace it, add "
        f"--rebuild. To see what it is: fewbench data info {name}"
    )


def _find(
    files: SourceFiles, own: OwnImages
) -> tuple[list[FoundClass], list[str], str]:
    """Return the classes of a source, sentences about them, and how they are split."""
    label = files.tree.label
    if own.split_by:
        pick("way to split", own.split_by, dict.fromkeys(SPLIT_BY))
    paths = image_paths(label, files.tree.names())
    tables = [file for file in files.of_kind("csv") if is_table(file)]
    if tables and own.split_by != "folder":
        found, n_unlisted = classes_in_tables(label, tables, paths)
        checks: list[str] = []
        if n_unlisted:
            images = counted(n_unlisted, "image")
            checks.append(f"{images} in no CSV: left out")
        states_splits = any(one.split for one in found)
        split_by = own.split_by or ("csv" if states_splits else "ratio")
    elif own.split_by == "csv":
        raise DataError(
            f"{label}: cannot split by CSV: expected a CSV with the columns filename, "
            f"label and split, found none. Add one, or leave out --split-by"
        )
    else:
        in_splits = own.split_by == "folder"
        if not own.split_by:
            in_splits = are_in_split_folders(paths)
        found = classes_in_folders(label, paths, in_splits=in_splits)
        checks = []
        split_by = "folder" if in_splits else "ratio"
    if split_by == "ratio":
        found = split_by_ratio(found)
    return found, checks, split_by


def _class_checks(found: Sequence[FoundClass]) -> list[str]:
    """Return a sentence for each split that names its classes."""
    sentences: list[str] = []
    for split in SPLITS:
        names = sorted(one.name for one in found if one.split == split)
        named = ", ".join(names[:_MOST_NAMED])
        n_others = len(names) - _MOST_NAMED
        if n_others > 0:
            named += f" and {n_others:,} more"
        if names:
            sentences.append(f"{split} classes: {named}")
    return sentences


def _listing(
    tree: Tree, own: OwnImages, found: Sequence[FoundClass], split_by: str
) -> Listing:
    classes: list[ClassImages] = []
    for one in found:
        names = sorted(one.images)
        read = partial(
            read_images,
            tree,
            [one.images[name] for name in names],
            own.image_shape,
            RESAMPLING,
            shown=True,
        )
        images = ClassImages(
            split=one.split,
            name=one.name,
            image_names=tuple(names),
            read=read,
        )
        classes.append(images)
    return Listing(
        tuple(classes),
        layout=_LAYOUT[split_by],
        stamp=tree.stamp(),
        stamp_now=tree.stamp,
    )


def _info(
    name: str, own: OwnImages, found: Sequence[FoundClass], split_by: str
) -> DatasetInfo:
    splits: dict[str, SplitCounts] = {}
    for split in SPLITS:
        sizes = [len(one.images) for one in found if one.split == split]
        if sizes:
            splits[split] = SplitCounts(len(sizes), sum(sizes))
    plain, _ = split_name(name)
    facts: dict[str, Any] = {
        "title": f"{plain}, your own images, {own.size} px",
        "image_shape": own.image_shape,
        "split_scheme": f"{plain}-by-{split_by}",
        "resampling": RESAMPLING,
    }
    info = added_info(name, facts, splits)
    return replace(info, check_files=near_equal_images)

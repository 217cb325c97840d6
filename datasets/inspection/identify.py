"""Identify a file or folder: its dataset, its layout, its pixels and the next step."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..archives.signatures import HEAD_BYTES, describe_head
from ..info import DataError, Request
from ..layouts.source_file import SourceFile
from ..layouts.source_files import SourceFiles, open_source
from ..store.split_store import SplitStore
from .identify_arrays import identify_hdf5, identify_npz
from .identify_images import identify_images, image_names
from .identify_pickles import identify_pickle
from .identity import SPLITS, Identity, build_command


def identify(path: Path) -> dict[str, Identity]:
    """Identify the files in a source. Return file name -> identity.

    All image files and inner tars of the source together have a single entry.
    Raises DataError if the source cannot be opened.
    """
    source = open_source(Request(path, allow_missing=True))
    found: dict[str, Identity] = {}
    for file in source.files:
        if not _says_nothing(file):
            found[file.name] = _identify_file(source, file)
    names = image_names(source.tree)
    if names:
        label = f"{len(names)} images or inner tars"
        found[label] = identify_images(source, names)
    if not found:
        found["."] = Identity(
            what="nothing that fewbench knows",
            advice="give another file or folder",
        )
    return _allow_missing_splits(found, source.tree.label)


def _says_nothing(file: SourceFile) -> bool:
    """Check whether a file only accompanies a dataset, as README.md does."""
    is_beside = file.name.endswith((".json", ".md", ".sha256"))
    return file.kind == "unknown" and is_beside


def _identify_file(source: SourceFiles, file: SourceFile) -> Identity:
    try:
        return _KINDS[file.kind](source, file)
    except DataError as error:
        # A damaged or hostile file must not hide the answers for the other files.
        return Identity(
            what=f"refused: {error}",
            advice="download it again",
        )


def _allow_missing_splits(
    found: dict[str, Identity], label: str
) -> dict[str, Identity]:
    """Add --allow-missing to the build command of a dataset that lacks a split."""
    present = _splits_by_dataset(found.values())
    advised: dict[str, Identity] = {}
    for name, one in found.items():
        splits = present[one.dataset]
        command = build_command(one.dataset, label)
        # Image files have no split. `identify_images` has already made their command.
        is_advised = one.split != "" and one.advice == command
        if is_advised and not splits.issuperset(SPLITS):
            one = replace(one, advice=f"{command} --allow-missing")
        advised[name] = one
    return advised


def _splits_by_dataset(found: Iterable[Identity]) -> dict[str, set[str]]:
    present: dict[str, set[str]] = {}
    for one in found:
        splits = present.setdefault(one.dataset, set())
        splits.update(one.split.split("+"))
    return present


def _identify_hdf5(source: SourceFiles, file: SourceFile) -> Identity:
    path = Path(file.tree.label) / file.name
    own_split = _identify_own_split(path)
    if own_split is not None:
        return own_split
    return identify_hdf5(source, file)


def _identify_own_split(path: Path) -> Identity | None:
    """Identify a split that fewbench wrote; None if the file is something else."""
    try:
        store = SplitStore(path)
    except DataError:
        return None
    state = "partial build" if store.partial else "build"
    return Identity(
        what=f"fewbench's own split of {store.dataset}, {state}",
        dataset=store.dataset,
        layout="fewbench split",
        split=store.split,
        shape=str(store.image_shape),
        channels=store.attributes["polarity"],
        resampling=store.attributes["resampling"],
        advice=_verify_advice(store.dataset, path.parent),
    )


def _verify_advice(dataset: str, folder: Path) -> str:
    folder = folder.absolute()
    if folder.name != dataset:
        return (
            f"move it to a folder named {dataset}, with the other splits of its build"
        )
    root = shlex.quote(str(folder.parent))
    return f"fewbench data verify {shlex.quote(dataset)} --root {root}"


def _identify_csv(_: SourceFiles, file: SourceFile) -> Identity:
    header = file.lines()[:1]
    if header == ["filename,label"]:
        return Identity(
            what="a list in the format of Ravi & Larochelle",
            dataset="miniimagenet",
            layout="CSV",
            split=file.stem,
        )
    if header == ["filename,class"]:
        return Identity(
            what="the class list of Vinyals et al. (2016)",
            layout="CSV",
            advice="fewbench builds another miniImageNet, with only 6 of these classes",
        )
    return Identity(what="a CSV of something else")


def _identify_other(_: SourceFiles, file: SourceFile) -> Identity:
    data = file.byte_range()
    n_bytes = min(HEAD_BYTES, len(data))
    head = data.read_at(0, n_bytes)
    return Identity(what=describe_head(head))


_KINDS: dict[str, Callable[[SourceFiles, SourceFile], Identity]] = {
    "pickle": identify_pickle,
    "groups": _identify_hdf5,
    "npz": identify_npz,
    "csv": _identify_csv,
    "text": _identify_other,
    "unknown": _identify_other,
}

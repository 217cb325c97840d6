"""Identify a file or folder: its dataset, its layout, its pixels and the next step.

Every dataset is asked whether it recognises a file. If no dataset recognises it, this
module describes the file.
"""

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from fewbench.documents import counted

from .. import BUILDERS
from ..archives.side_by_side import ARCHIVE_SUFFIXES
from ..archives.signatures import HEAD_BYTES, describe_head
from ..identity import UNKNOWN, Found, Identity, build_command
from ..info import DataError, Request
from ..layouts.source_file import SourceFile
from ..layouts.source_files import SourceFiles, open_source
from ..store.split_store import SplitStore
from .identify_images import found_images, image_names
from .pixel_facts import pixel_facts


def identify(path: Path) -> dict[str, Identity]:
    """Identify the files in a source. Return file name -> identity.

    All image files and inner tars of the source have one entry together. The archives
    in a folder are read as if they were unpacked there.
    Raises DataError if the source cannot be opened.
    """
    refused: dict[str, DataError] = {}
    source = open_source(Request(path, allow_missing=True), refused)
    found: dict[str, Identity] = {}
    for name, error in refused.items():
        found[name] = _refused(error)
    for file in source.files:
        if not _says_nothing(file):
            found[file.name] = _identify_file(source, file)
    names = image_names(source.tree)
    if names:
        label = _images_text(names)
        images = found_images(source.tree, names)
        identity = _ask_datasets(images) or _something_else(images)
        facts = pixel_facts(source.tree, names)
        found[label] = replace(identity, jpeg=facts.jpeg, spectrum=facts.spectrum)
    inner = _identify_inner_archives(source)
    if inner is not None:
        found["archives inside an archive"] = inner
    if not found:
        found[path.name or str(path)] = _nothing_in(path)
    return _allow_missing_splits(found, source.tree.label)


def _nothing_in(path: Path) -> Identity:
    """Identify a source without any data: an empty file, or a folder of such files."""
    content = "no data in it"
    if path.is_file() and path.stat().st_size == 0:
        content = "an empty file"
    return Identity(
        what=f"{UNKNOWN}: {content}",
        advice="give another file or folder",
    )


def _identify_inner_archives(source: SourceFiles) -> Identity | None:
    """Identify archives inside archives by their names; None if no dataset knows them."""
    names: list[str] = []
    for name in source.tree.names():
        if name.lower().endswith(ARCHIVE_SUFFIXES):
            names.append(name)
    found = Found(
        kind="archives",
        label=source.tree.label,
        content=names,
    )
    return _ask_datasets(found)


def _images_text(names: Sequence[str]) -> str:
    if len(names) == 1:
        return "1 image or inner tar"
    return f"{len(names)} images or inner tars"


def _says_nothing(file: SourceFile) -> bool:
    """Return whether a file is only a note beside a dataset, such as README.md."""
    is_beside = file.name.endswith((".json", ".md", ".sha256"))
    return file.kind == "unknown" and is_beside


def _identify_file(source: SourceFiles, file: SourceFile) -> Identity:
    try:
        return _identify_content(source, file)
    except DataError as error:
        return _refused(error)


def _refused(error: DataError) -> Identity:
    # A damaged or hostile file must not hide the answers for the other files.
    return Identity(what=f"refused: {error}", advice="download it again")


def _identify_content(source: SourceFiles, file: SourceFile) -> Identity:
    if file.kind == "groups":
        own_split = _identify_own_split(Path(file.tree.label) / file.name)
        if own_split is not None:
            return own_split
    if file.kind not in _CONTENTS:
        return _identify_head(file)
    found = Found(
        kind=file.kind,
        label=source.tree.label,
        content=_CONTENTS[file.kind](source, file),
        stem=file.stem,
    )
    return _ask_datasets(found) or _something_else(found)


def _pickle_content(source: SourceFiles, file: SourceFile) -> object:
    """Return the value in a pickle. The keys of a dict are text."""
    value = source.pickle(file)
    return source.table(file) if isinstance(value, dict) else value


_CONTENTS: dict[str, Callable[[SourceFiles, SourceFile], object]] = {
    "pickle": _pickle_content,
    "groups": SourceFiles.groups,
    "npz": SourceFiles.arrays,
    "csv": lambda _, file: file.lines(),
}


def _ask_datasets(found: Found) -> Identity | None:
    """Return how a dataset identifies a file; None if no dataset recognises it.

    The first dataset that can be built from the file decides. If there is none, the
    first dataset that recognises the file decides.
    """
    nearly: Identity | None = None
    for info in BUILDERS.values():
        if info.recognise is None or info.variant_of:
            continue
        identity = info.recognise(found)
        if identity is None:
            continue
        if identity.dataset:
            return identity
        nearly = nearly or identity
    return nearly


_WORDS = {"pickle": "a pickle", "groups": "an HDF5 file", "npz": "an npz"}


def _something_else(found: Found) -> Identity:
    if found.kind == "images":
        return Identity(
            what=f"{counted(len(found.content), 'image')} of something else",
            shape=found.size,
            advice=f"if they are your own images, in a folder for each class: fewbench "
            f"data add my-images {shlex.quote(found.label)}",
        )
    if found.kind == "csv":
        return Identity(what="a CSV of something else")
    if found.kind == "pickle" and _is_labelled(found.content):
        shape = getattr(found.content["data"], "shape", (0,))
        return Identity(
            what=f"a pickle of {shape[0]} labelled images of shape {shape[1:]}, as in "
            f"CIFAR-FS or FC100",
            advice="fewbench does not build it",
        )
    return Identity(
        what=f"{_WORDS[found.kind]} of something else",
        advice="fewbench does not build a dataset from it",
    )


def _is_labelled(content: object) -> bool:
    return isinstance(content, dict) and {"data", "labels"} <= content.keys()


def _allow_missing_splits(
    found: dict[str, Identity], label: str
) -> dict[str, Identity]:
    """Add --allow-missing to the build command of a dataset that lacks a split."""
    present = _splits_by_dataset(found.values())
    advised: dict[str, Identity] = {}
    for name, one in found.items():
        info = BUILDERS.get(one.dataset)
        command = build_command(one.dataset, label)
        # Image files have no split. Their dataset has already completed the command.
        is_advised = one.split != "" and one.advice == command
        if info and is_advised and not present[one.dataset].issuperset(info.splits):
            one = replace(one, advice=f"{command} --allow-missing")
        advised[name] = one
    return advised


def _splits_by_dataset(found: Iterable[Identity]) -> dict[str, set[str]]:
    present: dict[str, set[str]] = {}
    for one in found:
        splits = present.setdefault(one.dataset, set())
        splits.update(one.split.split("+"))
    return present


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
        jpeg=store.attributes.get("jpeg", ""),
        spectrum=store.attributes.get("spectrum", ""),
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


def _identify_head(file: SourceFile) -> Identity:
    data = file.byte_range()
    n_bytes = min(HEAD_BYTES, len(data))
    head = data.read_at(0, n_bytes)
    return Identity(what=f"{UNKNOWN}: {describe_head(head)}")

"""Read the label pickles of tieredImageNet, which give the class of each image."""

from collections.abc import Mapping, Sized
from dataclasses import dataclass

import numpy as np

from ..archives.refusals import refusal
from ..pickles.strings import text
from .pixels import read_integers
from .source_file import SourceFile
from .source_files import SourceFiles


@dataclass(frozen=True)
class Labels:
    """The labels of one split.

    file: the pickle with the labels
    specific: int64 (n,) the number of the class of each image, from 0
    general: int64 (n,) the number of the category of each image; None if the file has
        no categories
    names: the name of each class, by its number; empty if the file has no names
    """

    file: SourceFile
    specific: np.ndarray
    general: np.ndarray | None
    names: tuple[str, ...]

    def rows(self) -> dict[int, np.ndarray]:
        """Return class number -> int64 (n,) the positions of its images, ascending."""
        if not len(self.specific):
            return {}
        order = np.argsort(self.specific, kind="stable")
        classes, starts = np.unique(
            self.specific[order],
            return_index=True,
        )
        rows = np.split(order, starts[1:])
        return dict(zip(classes.tolist(), rows, strict=True))


def find_labels(files: SourceFiles) -> list[Labels]:
    """Return the labels in each pickle that has labels.

    Raises DataError if a pickle or its labels are damaged.
    """
    found = []
    for file in files.of_kind("pickle"):
        labels = _read_labels(files, file)
        if labels is not None:
            found.append(labels)
    return found


def matching_labels(
    file: SourceFile, images: Sized, candidates: list[Labels]
) -> Labels:
    """Return the labels that belong to the images in `file`.

    Only a pickle with the matching file name counts. If no file name matches, all
    pickles count. The number of labels must equal the number of images.
    Raises DataError unless exactly one pickle fits.
    """
    stem = file.stem.removesuffix("_images_png").removesuffix("_images")
    name = f"{stem}_labels"
    named = [labels for labels in candidates if labels.file.stem == name]
    fitting = []
    for labels in named or candidates:
        if len(labels.specific) == len(images):
            fitting.append(labels)
    if len(fitting) != 1:
        raise refusal(
            file.label,
            "the classes of its images",
            expected=f"one labels pickle with {len(images):,} labels beside it "
            f"({name}.pkl)",
            got=f"{len(fitting)} such pickles",
            advice="Put the images and their labels into one folder.",
        )
    return fitting[0]


def _read_labels(files: SourceFiles, file: SourceFile) -> Labels | None:
    """Return the labels in a pickle, or None if the pickle holds something else."""
    table = files.table(file)
    specific = table.get("label_specific", table.get("labels"))
    if specific is None or "data" in table:  # A miniImageNet pickle has "data".
        return None
    general = table.get("label_general")
    if general is not None:
        general = read_integers(file.label, general)
    return Labels(
        file=file,
        specific=read_integers(file.label, specific),
        general=general,
        names=_read_names(file, table),
    )


def _read_names(file: SourceFile, table: Mapping[str, object]) -> tuple[str, ...]:
    names = table.get("label_specific_str", [])
    if isinstance(names, list) and all(isinstance(name, str | bytes) for name in names):
        return tuple(text(name) for name in names)
    raise refusal(
        file.label,
        "its class names",
        expected="a list of names",
        got="another value",
    )

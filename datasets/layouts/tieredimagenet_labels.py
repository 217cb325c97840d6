"""The labels pickles of tieredImageNet: the class of each image in an archive."""

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

    specific: int64 (n,) the class of each image, counted from 0
    general: int64 (n,) the category of each image, where the file has it
    names: the classes by number, where the file has them
    """

    file: SourceFile
    specific: np.ndarray
    general: np.ndarray | None
    names: tuple[str, ...]

    def rows(self) -> dict[int, np.ndarray]:
        """Class -> int64 (n,) the positions of its images, in the order of the archive."""
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
    """The labels of all pickles that hold some. Raises DataError when they are damaged."""
    found = []
    for file in files.of_kind("pickle"):
        labels = _read_labels(files, file)
        if labels is not None:
            found.append(labels)
    return found


def matching_labels(
    file: SourceFile, images: Sized, candidates: list[Labels]
) -> Labels:
    """The labels of the images in `file`: found by name, or else by the number of images.

    Raises DataError unless exactly one fits.
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
            expected=f"one labels pickle with {len(images):,} labels beside it ({name}.pkl)",
            got=f"{len(fitting)}",
            advice="Put both files into one folder.",
        )
    return fitting[0]


def _read_labels(files: SourceFiles, file: SourceFile) -> Labels | None:
    """None when the pickle holds something else."""
    table = files.table(file)
    specific = table.get("label_specific", table.get("labels"))
    if specific is None or "data" in table:  # miniImageNet's have "data"
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
        got="something else",
    )

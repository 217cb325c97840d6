"""The records that `fewbench data identify` passes to the datasets and gets back.

The function `recognise` of a dataset takes a file as a `Found`, and returns an
`Identity`. The functions in this module make the texts of an `Identity`.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Found:
    """A file of a source, or all images of a source together.

    kind: "pickle", "groups" (an HDF5 file), "npz", "csv", "images", or "archives"
    label: the path of the source
    content: depends on the kind
        pickle: the value in the pickle; if it is a dict, its keys are text
        groups, npz: name -> array
        csv: the lines
        images: the names of the images and inner tars
        archives: the names of archives inside archives, which are not looked into
    stem: the name of the file without its suffix; empty for images
    size: the size of images as text, such as "84 x 84"
    """

    kind: str
    label: str
    content: Any
    stem: str = ""
    size: str = ""


# The first words about a file of no kind that any dataset comes in.
UNKNOWN = "nothing that fewbench knows"


@dataclass(frozen=True)
class Identity:
    """The facts about a file or about all images of a source. Unknown facts are "".

    what: a description in words
    dataset: the dataset that is built from the file; empty if a dataset recognises the
        file but cannot be built from it
    split: the name of the split; several names are joined by "+"
    jpeg: how the image files were saved
    spectrum: whether the images are smooth or aliased, as their spectrum shows
    advice: the next step for the user, often a command
    """

    what: str
    dataset: str = ""
    layout: str = ""
    split: str = ""
    shape: str = ""
    channels: str = ""
    resampling: str = ""
    jpeg: str = ""
    spectrum: str = ""
    advice: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the file is of a kind that fewbench knows, if not of a dataset."""
        return not self.what.startswith(UNKNOWN)


def build_command(dataset: str, source: str) -> str:
    """Return the command that builds a dataset from a source."""
    quoted = shlex.quote(source)
    return f"fewbench data build {dataset} --source {quoted}"


def advised_command(dataset: str, source: str, *, is_whole: bool) -> str:
    """Return the command that builds a dataset from a source that may be incomplete."""
    command = build_command(dataset, source)
    return command if is_whole else f"{command} --allow-missing"


def joined_splits(splits: Iterable[str]) -> str:
    """Return the names of splits, sorted and joined, such as "test+train"."""
    distinct = sorted(set(splits))
    return "+".join(distinct)


def split_in(stem: str) -> str:
    """Return the split that a file name contains; empty if it contains none."""
    for split in SPLITS:
        if split in stem:
            return split
    return ""


def shape_of(array: object) -> str:
    """Return the shape of an array as text, such as "600 x 84 x 84 x 3".

    Empty if the object is not an array.
    """
    shape = getattr(array, "shape", ())
    lengths = [str(length) for length in shape]
    return " x ".join(lengths)

"""Describe a file, and the answer of a dataset that recognises it.

`fewbench data identify` shows each file as a `Found` to the function `recognise` of each
dataset. The function answers with an `Identity`, whose fields the functions here fill.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Found:
    """A file of a source, or all images of a source together.

    kind: "pickle", "groups" (an HDF5 file), "npz", "csv" or "images"
    label: the path of the source
    content: the value in a pickle, where the keys of a dict are text; name -> array of
        groups or npz; the lines of a csv; the names of images and inner tars
    stem: the name of the file without its suffix; empty for images
    size: the size of images as text, such as "84 x 84"
    """

    kind: str
    label: str
    content: Any
    stem: str = ""
    size: str = ""


@dataclass(frozen=True)
class Identity:
    """The facts about a file or about all images of a source. Unknown facts are "".

    what: a description in words
    dataset: the dataset that is built from it. A dataset that only nearly recognises
        a file leaves this empty
    split: the name of the split; several names are joined by "+"
    advice: the next step for the user, often a command
    """

    what: str
    dataset: str = ""
    layout: str = ""
    split: str = ""
    shape: str = ""
    channels: str = ""
    resampling: str = ""
    advice: str = ""


def build_command(dataset: str, source: str) -> str:
    """Return the command that builds a dataset from a source."""
    quoted = shlex.quote(source)
    return f"fewbench data build {dataset} --source {quoted}"


def advised_command(dataset: str, source: str, *, is_whole: bool) -> str:
    """Return the command that builds a dataset from a source that may be incomplete."""
    command = build_command(dataset, source)
    return command if is_whole else f"{command} --allow-missing"


def joined_splits(splits: Iterable[str]) -> str:
    """Return the sorted names of splits, joined as in "test+train"."""
    distinct = sorted(set(splits))
    return "+".join(distinct)


def split_in(stem: str) -> str:
    """Return the split whose name is in a file name; empty without such a split."""
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

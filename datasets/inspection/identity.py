"""The answer of `identify` for a file, and functions that fill its fields."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Identity:
    """The facts about a file or about all images of a source. Unknown facts are "".

    what: a description in words
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

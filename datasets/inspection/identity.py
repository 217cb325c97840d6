"""The answer of `identify` for one file, and what its answers have in common."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Identity:
    """One file, or all images of a source, and what to do with it; "" if it is unknown."""

    what: str
    dataset: str = ""
    layout: str = ""
    split: str = ""
    shape: str = ""
    channels: str = ""
    resampling: str = ""
    advice: str = ""


def build_command(dataset: str, source: str) -> str:
    """The command that builds a dataset from a source."""
    quoted = shlex.quote(source)
    return f"fewbench data build {dataset} --source {quoted}"


def joined_splits(splits: Iterable[str]) -> str:
    """The names of splits as an Identity has them, such as "test+train"."""
    distinct = sorted(set(splits))
    return "+".join(distinct)


def split_in(stem: str) -> str:
    """The split that a file name names, empty if it names none."""
    for split in SPLITS:
        if split in stem:
            return split
    return ""


def shape_of(array: object) -> str:
    """The shape of an array as text, empty for anything else."""
    shape = getattr(array, "shape", ())
    lengths = [str(length) for length in shape]
    return " x ".join(lengths)

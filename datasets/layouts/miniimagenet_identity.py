"""Recognise a file or images of miniImageNet."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..identity import (
    Found,
    Identity,
    advised_command,
    build_command,
    joined_splits,
    shape_of,
)
from ..pickles.strings import texts
from .array_facts import channel_order, spectrum_text
from .ilsvrc_identity import recognise_ilsvrc
from .ravi_split import RaviSplit, ravi_members

_DATASET = "miniimagenet"
_SHAPE = (84, 84, 3)


def recognise_mini(found: Found, ravi: RaviSplit) -> Identity | None:
    """Identify a file or images of miniImageNet; None if they are something else.

    If a file has another class list, the field `dataset` stays empty.
    """
    recognise = _KINDS.get(found.kind)
    return recognise(found, ravi) if recognise else None


def _pickle(found: Found, ravi: RaviSplit) -> Identity | None:
    table = found.content
    if not isinstance(table, dict):
        return None
    if {"image_data", "class_dict"} <= table.keys():
        class_names = texts(table["class_dict"])
        layout = "mini-imagenet-cache pickle"
        return _array(found, class_names, layout, table["image_data"], ravi)
    if {"data", "labels"} <= table.keys():
        return _category_split(found, table["data"])
    return None


def _array(
    found: Found,
    class_names: Sequence[str],
    layout: str,
    array: Any,
    ravi: RaviSplit,
) -> Identity:
    """Identify an array of images by the names of its classes.

    class_names: the names of the classes in the array
    layout: the layout of the file, in words
    """
    shared = [name for name in class_names if name in ravi.numbers]
    if len(shared) < len(class_names):
        return Identity(
            what=f"{layout} with another class list: {len(shared)} of "
            f"{len(class_names)} classes are in the list of Ravi & Larochelle",
            layout=layout,
            shape=shape_of(array),
            channels=channel_order(array),
            advice="fewbench does not build it; perhaps it has the class list of "
            "Vinyals et al. (2016)",
        )
    return Identity(
        what=f"miniImageNet, {layout}, {len(class_names)} classes",
        dataset=_DATASET,
        layout=layout,
        split=joined_splits(ravi.split(name) for name in shared),
        shape=shape_of(array),
        channels=channel_order(array),
        resampling="cv2-linear, as published",
        spectrum=spectrum_text(array),
        advice=build_command(_DATASET, found.label),
    )


def _category_split(found: Found, data: Any) -> Identity | None:
    """Identify a pickle with the keys "data" and "labels", and images of 84 x 84 x 3."""
    shape = getattr(data, "shape", (0,))
    if shape[1:] != _SHAPE:
        return None
    what = f"miniImageNet_category_split pickle, {shape[0]:,} images"
    if found.stem.endswith(("train_phase_val", "train_phase_test")):
        what += " (other images of the train classes, left out)"
    split = found.stem.rpartition("_")[2]
    if "train_phase" in found.stem:
        split = "train"
    return Identity(
        what=what,
        dataset=_DATASET,
        layout="category split pickle",
        split=split,
        shape=shape_of(data),
        channels=channel_order(data),
        resampling="not stated; cv2-linear if made from the published images",
        spectrum=spectrum_text(data),
        advice=build_command(_DATASET, found.label),
    )


def _groups(found: Found, ravi: RaviSplit) -> Identity | None:
    """Identify an HDF5 file in the format of torchmeta, with arrays of pixels."""
    groups = list(found.content.values())
    if not groups or any(group.encoded for group in groups):
        return None
    names = list(found.content)
    identity = _array(found, names, "torchmeta HDF5", groups[0], ravi)
    shapes = sorted({shape_of(group) for group in groups})
    # The first group has the images of one class, which are too much alike.
    return replace(identity, shape=", ".join(shapes), spectrum="")


def _csv(found: Found, _: RaviSplit) -> Identity | None:
    header = found.content[:1]
    if header == ["filename,label"]:
        return Identity(
            what="a list in the format of Ravi & Larochelle",
            dataset=_DATASET,
            layout="CSV",
            split=found.stem,
        )
    if header == ["filename,class"]:
        return Identity(
            what="the class list of Vinyals et al. (2016)",
            layout="CSV",
            advice="fewbench builds another miniImageNet, with only 6 of these classes",
        )
    return None


def _images(found: Found, ravi: RaviSplit) -> Identity | None:
    named = ravi_members(found.content, ravi)
    if not named:
        return recognise_ilsvrc(found, _DATASET)
    is_whole = len(named) == len(ravi.numbers)
    return Identity(
        what=f"{len(named)} of 100 classes of miniImageNet, with Ravi's file names",
        dataset=_DATASET,
        layout="named images",
        shape=found.size,
        channels="RGB",
        advice=advised_command(_DATASET, found.label, is_whole=is_whole),
    )


_KINDS: dict[str, Callable[[Found, RaviSplit], Identity | None]] = {
    "pickle": _pickle,
    "groups": _groups,
    "csv": _csv,
    "images": _images,
}

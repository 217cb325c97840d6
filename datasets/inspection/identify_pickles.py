"""Identify a pickle of images or labels."""

from collections.abc import Iterable
from typing import Any

from ..layouts.pixels import channel_order
from ..layouts.source_file import SourceFile
from ..layouts.source_files import SourceFiles
from ..pickles.strings import text
from ..tieredimagenet import ren_split
from .identify_arrays import identify_mini
from .identity import Identity, build_command, joined_splits, shape_of, split_in

_SHAPE = (84, 84, 3)
_PNG = b"\x89PNG"
_TIERED_SPLITS = {448_695: "train", 124_261: "val", 206_209: "test"}


def identify_pickle(source: SourceFiles, file: SourceFile) -> Identity:
    """Identify a pickle by its keys or by its first value."""
    value = source.pickle(file)
    table = source.table(file)
    label = source.tree.label
    if {"image_data", "class_dict"} <= table.keys():
        class_names = _texts(table["class_dict"])
        layout = "mini-imagenet-cache pickle"
        return identify_mini(class_names, layout, table["image_data"], label)
    if {"data", "labels"} <= table.keys():
        return _identify_labelled(file, table["data"], label)
    if "label_specific" in table or "labels" in table:
        return _identify_labels(file, table)
    if isinstance(value, list) and _starts_with_png(value):
        return _identify_tiered_images(file, len(value), label)
    return Identity(
        what="a pickle of something else",
        advice="fewbench does not build a dataset from it",
    )


def _texts(values: object) -> list[str]:
    """Return the values that are texts. An untrusted pickle may have other values."""
    if not isinstance(values, Iterable):
        return []
    texts: list[str] = []
    for value in values:
        if isinstance(value, str | bytes):
            texts.append(text(value))
    return texts


def _identify_labelled(file: SourceFile, data: Any, label: str) -> Identity:
    """Identify a pickle with the keys "data" and "labels".

    It is a category split of miniImageNet if its images are 84 x 84 x 3.
    """
    shape = getattr(data, "shape", (0,))
    if shape[1:] != _SHAPE:
        return Identity(
            what=f"a pickle of {shape[0]} labelled images of shape {shape[1:]}, as in "
            f"CIFAR-FS or FC100",
            advice="fewbench does not build it",
        )
    what = f"miniImageNet_category_split pickle, {shape[0]:,} images"
    if file.stem.endswith(("train_phase_val", "train_phase_test")):
        what += " (other images of the train classes, left out)"
    split = file.stem.rpartition("_")[2]
    if "train_phase" in file.stem:
        split = "train"
    return Identity(
        what=what,
        dataset="miniimagenet",
        layout="category split pickle",
        split=split,
        shape=shape_of(data),
        channels=channel_order(data),
        resampling="not stated; cv2-linear if made from the published images",
        advice=build_command("miniimagenet", label),
    )


def _identify_labels(file: SourceFile, table: dict[str, Any]) -> Identity:
    """Identify the labels of a split of tieredImageNet."""
    classes = ren_split().classes
    wnid_of = ren_split().by_words()
    class_names = _texts(table.get("label_specific_str", ()))
    splits: list[str] = []
    for name in class_names:
        words = " ".join(name.replace("_", " ").lower().split())
        wnid = wnid_of.get(words)
        if wnid:
            splits.append(classes[wnid][0])
    kind = "labels" if class_names else "labels without class names"
    n_known = len(splits)
    return Identity(
        what=f"tieredImageNet {kind}, {n_known} of {len(class_names)} class names are "
        f"known",
        dataset="tieredimagenet",
        layout="labels pickle",
        split=joined_splits(splits) or split_in(file.stem),
        advice="keep it in the same folder as the images of its split",
    )


def _starts_with_png(values: list[Any]) -> bool:
    if not values:
        return False
    first = values[0]
    if not hasattr(first, "tobytes"):
        return False
    return first.tobytes().startswith(_PNG)


def _identify_tiered_images(file: SourceFile, n_images: int, label: str) -> Identity:
    split = _TIERED_SPLITS.get(n_images)
    return Identity(
        what=f"tieredImageNet PNGs, {n_images:,} images",
        dataset="tieredimagenet",
        layout="images_png pickle",
        split=split or split_in(file.stem),
        shape="PNG",
        channels="RGB (as PNG stores them)",
        resampling="cv2-cubic, as published",
        advice=build_command("tieredimagenet", label),
    )

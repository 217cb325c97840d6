"""Recognise a file or images of tieredImageNet."""

from collections.abc import Callable
from typing import Any

from ..identity import Found, Identity, build_command, joined_splits, shape_of, split_in
from ..pickles.strings import texts
from .array_facts import channel_order
from .ilsvrc_identity import recognise_ilsvrc
from .ren_split import RenSplit, plain

_DATASET = "tieredimagenet"
_SHAPE = (84, 84, 3)
_PNG = b"\x89PNG"
_SPLITS = {448_695: "train", 124_261: "val", 206_209: "test"}


def recognise_tiered(found: Found, ren: RenSplit) -> Identity | None:
    """Identify a file or images of tieredImageNet; None if they are something else.

    If an HDF5 file has other classes, the field `dataset` stays empty.
    """
    recognise = _KINDS.get(found.kind)
    return recognise(found, ren) if recognise else None


def _pickle(found: Found, ren: RenSplit) -> Identity | None:
    value = found.content
    if isinstance(value, dict):
        has_labels = "label_specific" in value or "labels" in value
        has_images = {"data", "labels"} <= value.keys()
        return _labels(found, ren) if has_labels and not has_images else None
    if isinstance(value, list) and _starts_with_png(value):
        return _encoded_images(found)
    return None


def _labels(found: Found, ren: RenSplit) -> Identity:
    class_names = texts(found.content.get("label_specific_str", ()))
    splits = _splits_of(class_names, ren)
    kind = "labels" if class_names else "labels without class names"
    return Identity(
        what=f"tieredImageNet {kind}, {len(splits)} of {len(class_names)} class names "
        f"are known",
        dataset=_DATASET,
        layout="labels pickle",
        split=joined_splits(splits) or split_in(found.stem),
        advice="keep it in the same folder as the images of its split",
    )


def _splits_of(class_names: list[str], ren: RenSplit) -> list[str]:
    """Return the split of each class. Unknown class names are left out."""
    wnid_of = ren.by_words()
    splits: list[str] = []
    for words in class_names:
        wnid = wnid_of.get(plain(words))
        if wnid is not None:
            splits.append(ren.classes[wnid][0])
    return splits


def _starts_with_png(values: list[Any]) -> bool:
    if not values:
        return False
    first = values[0]
    if not hasattr(first, "tobytes"):
        return False
    return first.tobytes().startswith(_PNG)


def _encoded_images(found: Found) -> Identity:
    n_images = len(found.content)
    return Identity(
        what=f"tieredImageNet PNGs, {n_images:,} images",
        dataset=_DATASET,
        layout="images_png pickle",
        split=_SPLITS.get(n_images) or split_in(found.stem),
        shape="PNG",
        channels="RGB (as PNG stores them)",
        resampling="cv2-cubic, as published",
        advice=build_command(_DATASET, found.label),
    )


def _groups(found: Found, ren: RenSplit) -> Identity | None:
    """Identify an HDF5 file in the format of torchmeta, with encoded images."""
    groups = found.content
    if not all(group.encoded for group in groups.values()):
        return None
    splits = _splits_of(list(groups), ren)
    dataset = ""
    advice = "fewbench does not build a dataset with these classes"
    if len(splits) == len(groups):
        dataset = _DATASET
        advice = build_command(_DATASET, found.label)
    return Identity(
        what=f"torchmeta's HDF5 of encoded images, {len(splits)} of {len(groups)} "
        f"classes are in tieredImageNet",
        dataset=dataset,
        layout="torchmeta HDF5",
        split=joined_splits(splits),
        shape="encoded images",
        channels="RGB (as PNG stores them)",
        resampling="cv2-cubic, as published",
        advice=advice,
    )


def _npz(found: Found, _: RenSplit) -> Identity | None:
    """Identify an .npz file with images of 84 x 84 x 3."""
    images = found.content.get("images")
    if images is None or images.shape[1:] != _SHAPE:
        return None
    measured = channel_order(images) or "cannot be told"
    return Identity(
        what=f"tieredImageNet npz, {len(images):,} images",
        dataset=_DATASET,
        layout="npz",
        split=split_in(found.stem),
        shape=shape_of(images),
        channels=f"BGR as published; measured: {measured}",
        resampling="cv2-cubic, as published",
        advice=build_command(_DATASET, found.label),
    )


def _images(found: Found, _: RenSplit) -> Identity | None:
    return recognise_ilsvrc(found, _DATASET)


_KINDS: dict[str, Callable[[Found, RenSplit], Identity | None]] = {
    "pickle": _pickle,
    "groups": _groups,
    "npz": _npz,
    "images": _images,
}

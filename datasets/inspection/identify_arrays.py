"""Identify the dataset in an HDF5 or .npz file with arrays of images."""

from collections.abc import Sequence
from typing import Any

from ..layouts.pixels import channel_order
from ..layouts.source_file import SourceFile
from ..layouts.source_files import SourceFiles
from ..miniimagenet import ravi_split
from ..tieredimagenet import ren_split
from .identity import Identity, build_command, joined_splits, shape_of, split_in

_SHAPE = (84, 84, 3)


def identify_mini(
    class_names: Sequence[str], layout: str, array: Any, label: str
) -> Identity:
    """Identify an array of images, which is miniImageNet if it has no other classes.

    class_names: the names of the classes in the array
    layout: the layout of the file, in words
    label: the path of the source
    """
    numbers = ravi_split().numbers
    shared = [name for name in class_names if name in numbers]
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
        dataset="miniimagenet",
        layout=layout,
        split=joined_splits(numbers[name][0] for name in shared),
        shape=shape_of(array),
        channels=channel_order(array),
        resampling="cv2-linear, as published",
        advice=build_command("miniimagenet", label),
    )


def identify_hdf5(source: SourceFiles, file: SourceFile) -> Identity:
    """Identify an HDF5 file in the format of torchmeta.

    Arrays of pixels may be miniImageNet. Encoded images may be tieredImageNet.
    """
    groups = source.groups(file)
    first = next(iter(groups.values()), None)
    if first is not None and not first.encoded:
        return identify_mini(list(groups), "torchmeta HDF5", first, source.tree.label)
    wnid_of = ren_split().by_words()
    classes = ren_split().classes
    splits: list[str] = []
    for words in groups:
        wnid = wnid_of.get(words.lower())
        if wnid is not None:
            splits.append(classes[wnid][0])
    dataset = ""
    advice = "fewbench does not build a dataset with these classes"
    if len(splits) == len(groups):
        dataset = "tieredimagenet"
        advice = build_command("tieredimagenet", source.tree.label)
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


def identify_npz(source: SourceFiles, file: SourceFile) -> Identity:
    """Identify an .npz file, which is tieredImageNet if its images are 84 x 84 x 3."""
    images = source.arrays(file).get("images")
    if images is None or images.shape[1:] != _SHAPE:
        return Identity(
            what="an npz of something else",
            advice="fewbench does not build a dataset from it",
        )
    measured = channel_order(images) or "cannot be told"
    return Identity(
        what=f"tieredImageNet npz, {len(images):,} images",
        dataset="tieredimagenet",
        layout="npz",
        split=split_in(file.stem),
        shape=shape_of(images),
        channels=f"BGR as published; measured: {measured}",
        resampling="cv2-cubic, as published",
        advice=build_command("tieredimagenet", source.tree.label),
    )

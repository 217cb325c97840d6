"""The formats that a build is exported to: one function writes one split in one format.

"torchmeta": `<split>_data.hdf5` with a dataset for each class, and `<split>_labels.json`.
"cache": `mini-imagenet-cache-<split>.pkl`, one array and the rows of each class. A dataset
other than miniImageNet has its own name in place of `mini-imagenet`.
"images": a PNG for each image, `<split>_images/<class>/<image>.png`, and `<split>.csv`.
The folder of "images" is not called `train`: a class folder below `train` would look like
ILSVRC2012's training set, and `fewbench data build` would ignore the folders beside it.
"""

import csv
import io
import json
import logging
import math
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fewbench.files import write_text

from .archives.safe_names import unsafe
from .info import DataError
from .layouts.torchmeta import write_groups
from .store.split_store import SplitStore
from .tieredimagenet import ren_split

_log = logging.getLogger(__name__)


class ExportedClass(NamedTuple):
    """One class on its way from a build into another format.

    images: uint8 (len(image_names), H, W, C)
    """

    name: str
    category: str
    image_names: tuple[str, ...]
    images: np.ndarray


Classes = Iterator[ExportedClass]
# (name in the file, images or encoded images, attributes) of a class.
_Group = tuple[str, np.ndarray | list[bytes], Mapping[str, str]]


@dataclass(frozen=True)
class ExportFormat:
    """How one split is written: write(store, classes, folder).

    overhead: bytes that an image may take beside its pixels, generously
    """

    write: Callable[[SplitStore, Classes, Path], None]
    overhead: int


def check_names(
    store: SplitStore, kind: str, names: Iterable[str], *, slash_allowed: bool = True
) -> None:
    """Raise DataError for a name that would lead out of the folder, or is not printable.

    kind: what the names belong to, such as "class"
    """
    for name in names:
        has_slash = "/" in name and not slash_allowed
        is_printable = name.isprintable()
        if unsafe(name) or has_slash or not is_printable:
            raise DataError(
                f"{store.path}: cannot export it: the {kind} name {name!a} is not a safe "
                f"file name. Build the split again: "
                f"fewbench data build {store.dataset} --rebuild"
            )


def _write_torchmeta(store: SplitStore, classes: Classes, folder: Path) -> None:
    # Variants such as tieredimagenet-lanczos are written in the same way.
    dataset, _, _ = store.dataset.partition("-")
    is_tiered = dataset == "tieredimagenet"
    group_names = _group_names(store, is_tiered)

    def groups() -> Iterator[_Group]:
        for one in classes:
            if is_tiered:
                yield _encoded_group(one, group_names[one.name])
            else:
                attributes = {"label_specific": one.name}
                yield group_names[one.name], one.images, attributes

    images_path = folder / f"{store.split}_data.hdf5"
    write_groups(images_path, groups())
    labels_path = folder / f"{store.split}_labels.json"
    labels = json.dumps(list(group_names.values()))
    write_text(labels_path, f"{labels}\n")


def _encoded_group(one: ExportedClass, group_name: str) -> _Group:
    """A class of tieredImageNet, which torchmeta keeps as PNGs with two labels."""
    encoded = [_png(image) for image in one.images]
    attributes = {
        "label_general": one.category,
        "label_specific": group_name,
    }
    return group_name, encoded, attributes


def _group_names(store: SplitStore, is_tiered: bool) -> dict[str, str]:
    """Class -> its name in torchmeta's HDF5: in tieredImageNet the words of the synset."""
    published = ren_split().classes if is_tiered else {}
    group_names: dict[str, str] = {}
    for class_name in store.class_names:
        words = class_name
        if class_name in published:
            words = published[class_name][2]
        # HDF5 would make a group of what stands before a slash.
        group_names[class_name] = words.replace("/", "_")
    distinct = set(group_names.values())
    if len(distinct) < len(group_names):
        raise DataError(
            f"{store.path}: two classes would have the same name in torchmeta's HDF5. Use "
            f"another format: fewbench data convert {store.dataset} --to images --out DIR"
        )
    has_slashes = any("/" in class_name for class_name in group_names)
    if has_slashes:
        _log.warning("%s: '/' in class names is written as '_'", store.path)
    return group_names


def _write_cache(store: SplitStore, classes: Classes, folder: Path) -> None:
    """A pickle that plain pickle.load reads.

    It is put together from opcodes around the pixels, which are never all in memory.
    """
    dataset = store.dataset
    if dataset == "miniimagenet":
        dataset = "mini-imagenet"
    shape = (len(store), *store.image_shape)
    path = folder / f"{dataset}-cache-{store.split}.pkl"
    before = _opcodes_before_pixels(shape)
    after = _opcodes_after_pixels(store)
    with path.open("wb") as file:
        file.write(before)
        for one in classes:
            file.write(one.images.data)
        file.write(after)


def _opcodes_before_pixels(shape: tuple[int, ...]) -> bytes:
    """Begin a dict, its first key, and an array up to its bytes."""
    n_bytes = math.prod(shape)
    opcodes = [
        pickle.PROTO,
        b"\x04",
        pickle.EMPTY_DICT,
        pickle.MARK,
        _pushed("image_data"),
        pickle.GLOBAL,
        # Old numpy has no numpy._core, and new numpy still reads the old name.
        b"numpy.core.multiarray\n_reconstruct\n",
        _pushed((np.ndarray, (0,), b"b")),
        pickle.REDUCE,
        # The state of the array: version, shape, dtype, Fortran order, bytes.
        pickle.MARK,
        _pushed(1),
        _pushed(shape),
        _pushed(np.dtype(np.uint8)),
        pickle.NEWFALSE,
        pickle.BINBYTES8,
        n_bytes.to_bytes(8, "little"),
    ]
    return b"".join(opcodes)


def _opcodes_after_pixels(store: SplitStore) -> bytes:
    """End the array, and put the rows of each class into the dict."""
    opcodes = [
        pickle.TUPLE,
        pickle.BUILD,
        _pushed("class_dict"),
        _pushed(_rows(store)),
        pickle.SETITEMS,
        pickle.STOP,
    ]
    return b"".join(opcodes)


def _rows(store: SplitStore) -> dict[str, list[int]]:
    """Class -> the rows of its images."""
    offsets = store.class_offsets.tolist()
    firsts = offsets[:-1]
    ends = offsets[1:]
    rows: dict[str, list[int]] = {}
    for class_name, first, end in zip(store.class_names, firsts, ends, strict=True):
        rows[class_name] = list(range(first, end))
    return rows


def _pushed(value: object) -> bytes:
    """The opcodes that push a value on a pickle's stack; protocol 3 puts no frame around."""
    whole = pickle.dumps(value, 3)
    without_protocol = whole.removeprefix(pickle.PROTO + b"\x03")
    return without_protocol.removesuffix(pickle.STOP)


def _write_images(store: SplitStore, classes: Classes, folder: Path) -> None:
    listing = folder / f"{store.split}.csv"
    with listing.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("filename", "label"))
        for one in classes:
            for path in _write_pngs(store, one, folder):
                table.writerow((path, one.name))


def _write_pngs(store: SplitStore, one: ExportedClass, folder: Path) -> Iterator[str]:
    """Write the images of a class; yields the path of each below `folder`."""
    check_names(store, "image", one.image_names)
    class_folder = f"{store.split}_images/{one.name}"
    for name, image in zip(one.image_names, one.images, strict=True):
        path = f"{class_folder}/{name}.png"
        encoded = _png(image)
        _write_new(folder / path, encoded, store)
        yield path


def _write_new(path: Path, data: bytes, store: SplitStore) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        # This happens too where the file system ignores upper and lower case.
        raise DataError(
            f"{store.path}: two images would be written to {path.name} of class "
            f"{path.parent.name}. Use another format: "
            f"fewbench data convert {store.dataset} --to torchmeta --out DIR"
        ) from None


def _png(image: np.ndarray) -> bytes:
    """The PNG of an image.

    image: uint8 (H, W, 1 or 3)
    """
    n_channels = image.shape[2]
    if n_channels == 1:
        image = image[..., 0]
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


FORMATS = {
    "torchmeta": ExportFormat(_write_torchmeta, overhead=2**12),
    "cache": ExportFormat(_write_cache, overhead=2**6),
    "images": ExportFormat(_write_images, overhead=2**13),
}

"""Write built splits in the formats of other few-shot code.

Each format has a function that writes one split:
"torchmeta": `<split>_data.hdf5`, an array for each class, and `<split>_labels.json`.
"cache": `<dataset>-cache-<split>.pkl` with one array of all images, and the rows of
    each class.
"images": `<split>_images/<class>/<image>.png` for each image, and `<split>.csv`. The
    folder is not called `train`, because class folders in `train` would look like
    ILSVRC2012's training set. `fewbench data build` would then ignore other folders.
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

from fewbench.documents import csv_cell
from fewbench.files import write_text

from .archives.safe_names import unsafe
from .catalogue import dataset_of_fewbench
from .info import DataError, ExportNames
from .layouts.torchmeta import write_groups
from .store.split_store import SplitStore

_log = logging.getLogger(__name__)


class ExportedClass(NamedTuple):
    """The content of one class of a build, to be written in another format.

    images: uint8 (len(image_names), H, W, C)
    """

    name: str
    category: str
    image_names: tuple[str, ...]
    images: np.ndarray


Classes = Iterator[ExportedClass]
# (name of a class in the file, its images or encoded images, its attributes)
_Group = tuple[str, np.ndarray | list[bytes], Mapping[str, str]]


@dataclass(frozen=True)
class ExportFormat:
    """A format that a split can be exported to.

    write: write(store, classes, folder) writes one split into a folder
    overhead: bytes for each image in addition to its pixels, generously estimated
    """

    write: Callable[[SplitStore, Classes, Path], None]
    overhead: int


def check_names(
    store: SplitStore, kind: str, names: Iterable[str], *, slash_allowed: bool = True
) -> None:
    """Raise DataError if a name is not printable or could lead outside the folder.

    kind: what the names belong to, such as "class", for the message
    slash_allowed: whether a name may contain "/", which makes subfolders
    """
    for name in names:
        has_slash = "/" in name and not slash_allowed
        is_printable = name.isprintable()
        if unsafe(name) or has_slash or not is_printable:
            raise DataError(
                f"{store.path}: cannot export it: the {kind} name {name!a} is not a "
                f"safe file name. Build the dataset again: "
                f"fewbench data build {store.dataset} --rebuild"
            )


def _write_torchmeta(store: SplitStore, classes: Classes, folder: Path) -> None:
    names = _names_of(store)
    group_names = _group_names(store, names)

    def groups() -> Iterator[_Group]:
        for one in classes:
            if names.torchmeta:
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
    """Return a class as PNGs with the two labels that torchmeta reads."""
    encoded = [_png(image) for image in one.images]
    attributes = {
        "label_general": one.category,
        "label_specific": group_name,
    }
    return group_name, encoded, attributes


def _names_of(store: SplitStore) -> ExportNames:
    """Return the names that other formats use for the dataset of a split.

    The names are empty if fewbench has no builder for the dataset.
    """
    info = dataset_of_fewbench(store.dataset)
    return info.export if info else ExportNames()


def _group_names(store: SplitStore, names: ExportNames) -> dict[str, str]:
    """Return class name -> its name in torchmeta's HDF5 file.

    Raises DataError if two classes would have the same name.
    """
    published = names.torchmeta() if names.torchmeta else {}
    group_names: dict[str, str] = {}
    for class_name in store.class_names:
        words = published.get(class_name, class_name)
        # HDF5 would take the text before a slash as the name of a group.
        group_names[class_name] = words.replace("/", "_")
    distinct = set(group_names.values())
    if len(distinct) < len(group_names):
        raise DataError(
            f"{store.path}: two classes would have the same name in torchmeta's HDF5 "
            f"file. Use another format: fewbench data convert {store.dataset} --to "
            "images --out DIR"
        )
    has_slashes = any("/" in class_name for class_name in group_names)
    if has_slashes:
        _log.warning("%s: '/' in class names was replaced by '_'", store.path)
    return group_names


def _write_cache(store: SplitStore, classes: Classes, folder: Path) -> None:
    """Write a pickle that `pickle.load` can read.

    Pickle opcodes are written before and after the pixels. The pixels are written class
    by class, so that they are never all in memory.
    """
    dataset = _names_of(store).cache or store.dataset
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
    """Return the start of a pickled dict: all opcodes before the bytes of its array."""
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
    """Return the rest of the pickled dict: the opcodes after the bytes of its array."""
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
    """Return class name -> the rows of its images in the array of all images."""
    offsets = store.class_offsets.tolist()
    firsts = offsets[:-1]
    ends = offsets[1:]
    rows: dict[str, list[int]] = {}
    for class_name, first, end in zip(store.class_names, firsts, ends, strict=True):
        rows[class_name] = list(range(first, end))
    return rows


def _pushed(value: object) -> bytes:
    """Return the opcodes that push a value on the stack of the pickle reader.

    The opcodes have protocol 3, because protocol 4 would add a frame around them.
    """
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
                table.writerow((path, csv_cell(one.name)))


def _write_pngs(store: SplitStore, one: ExportedClass, folder: Path) -> Iterator[str]:
    """Write the images of a class. Yield the path of each image inside `folder`."""
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
        # Names that differ only in case are equal on a file system that ignores case.
        raise DataError(
            f"{store.path}: two images would be written to {path.name} of class "
            f"{path.parent.name}. Use another format: "
            f"fewbench data convert {store.dataset} --to torchmeta --out DIR"
        ) from None


def _png(image: np.ndarray) -> bytes:
    """Encode an image as PNG.

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

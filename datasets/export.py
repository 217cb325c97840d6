"""Write built splits out again, in the forms that other code for few-shot learning reads.

"torchmeta": `<split>_data.hdf5` with a dataset for each class, and `<split>_labels.json`.
"cache": `mini-imagenet-cache-<split>.pkl`, one array and the rows of each class; a dataset other
than miniImageNet goes by its own name.
"images": a PNG for each image, `<split>_images/<class>/<image>.png`, and `<split>.csv`.

The folders of "images" are not called after the bare split: a class folder below `train` stands for
ILSVRC2012's training set, and `fewbench data build` then leaves the folders beside it alone.
"""

import csv
import io
import json
import logging
import math
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from .archives.safe_names import unsafe
from .build import Progress
from .info import DataError
from .layouts.source_files import CONVERSION
from .layouts.torchmeta import write_groups
from .lookup import pick
from .store.digests import ContentDigest
from .store.split_store import SplitStore
from .tieredimagenet import ren_split

_log = logging.getLogger(__name__)


class OneClass(NamedTuple):
    """A class on its way from one form to another.

    images: uint8 (len(image_names), H, W, C)
    """

    name: str
    category: str
    image_names: tuple[str, ...]
    images: np.ndarray


Write = Callable[[SplitStore, Iterator[OneClass], Path], None]


@dataclass(frozen=True)
class Form:
    """write(store, classes, folder) writes one split into `folder`.

    overhead: bytes that an image may take beside its pixels, generously
    """

    write: Write
    overhead: int


def convert(
    stores: Sequence[SplitStore], form: str, out: Path, progress: Progress | None = None
) -> list[Path]:
    """Write splits of one dataset into the new folder `out`; the files and folders in it, sorted.

    form: a name in FORMS
    progress: called with (what is under way, images done, of how many)
    What is written is compared with the recorded hash on the way. The folder appears when it is
    complete; a killed run leaves another beside it, `<out>.*.partial`, which nobody reads.
    Raises DataError when `out` exists, cannot be written or has too little room, and when a split
    is damaged or has names that no file can have.
    """
    chosen, out = pick("form", form, FORMS), Path(os.path.abspath(out))
    _check(stores)
    total, done = sum(map(len, stores)), 0

    def report(n_images: int) -> None:
        nonlocal done
        done += n_images
        if progress:
            progress(f"write {form}", done, total)

    with _new_folder(out) as folder:
        _check_space(folder, sum(_room(store, chosen) for store in stores))
        for store in stores:
            chosen.write(store, _read(store, report), folder)
        _note(stores, folder)
    return sorted(out.iterdir())


def _note(stores: Sequence[SplitStore], folder: Path) -> None:
    """What the written files cannot say themselves; a later build reads the resampling here."""
    document = {
        "dataset": stores[0].dataset,
        "resampling": str(stores[0].attributes["resampling"]),
        "partial": any(store.partial for store in stores),
        "content_sha256": {store.split: store.fingerprint for store in stores},
    }
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    (folder / CONVERSION).write_text(text, encoding="utf-8")


def _check(stores: Sequence[SplitStore]) -> None:
    """Raises DataError unless these are splits of one dataset whose names are fit for files."""
    if len({store.dataset for store in stores}) != 1:
        raise DataError(
            "splits of one dataset are converted at a time. Name one dataset"
        )
    if len({store.split for store in stores}) != len(stores):
        raise DataError("a split is named twice. Name each split once")
    for store in stores:
        _check_names(
            store, "dataset or split", [store.dataset, store.split], folders=False
        )
        _check_names(store, "class", store.class_names)
        lengths = (
            len(store.image_names),
            len(store.class_categories),
            len(set(store.class_names)),
        )
        pictures = store.image_shape[2] in (1, 3) and 0 not in store.image_shape
        if (
            lengths != (len(store), len(store.class_names), len(store.class_names))
            or not pictures
        ):
            raise DataError(
                f"{store.path}: expected grey or RGB images and one name for each image and class, "
                f"got (H, W, C) {store.image_shape} and others. The file was damaged or edited; "
                f"build it again: fewbench data build {store.dataset} --rebuild"
            )


def _check_names(
    store: SplitStore, kind: str, names: Iterable[str], *, folders: bool = True
) -> None:
    """Raises DataError for a name that would lead elsewhere; folders: whether '/' may be in it."""
    for name in names:
        if unsafe(name) or not name.isprintable() or ("/" in name and not folders):
            raise DataError(
                f"{store.path}: cannot convert it: its {kind} name {name!a} is no safe name of a "
                f"file. Build the split again: fewbench data build NAME --rebuild"
            )


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A folder that becomes `out` when the block ends well, and goes when it does not."""
    if os.path.lexists(out):
        raise DataError(
            f"{out}: exists, and nothing is overwritten. Remove it, or name another: --out DIR"
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # Never a name that may be there: what is in it goes when the block fails.
        with tempfile.TemporaryDirectory(
            ".partial", f"{out.name}.", out.parent
        ) as scratch:
            folder = Path(
                scratch, out.name
            )  # the one around it can be entered by its owner alone
            folder.mkdir()
            yield folder
            folder.rename(out)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise DataError(
            f"{out}: cannot be written ({error.strerror or error}{where}). Nothing is kept of it. "
            f"Free some space, or name another folder: --out DIR"
        ) from error


def _room(store: SplitStore, form: Form) -> int:
    return len(store) * (math.prod(store.image_shape) + form.overhead) + 2**20


def _check_space(folder: Path, needed: int) -> None:
    """Take the space and give it back: it may be limited, and HDF5 crashes when a disk is full."""
    free = shutil.disk_usage(folder).free
    try:
        if free < needed:
            raise OSError
        if hasattr(os, "posix_fallocate"):  # not on macOS and Windows
            with tempfile.TemporaryFile(dir=folder) as file:
                os.posix_fallocate(file.fileno(), 0, needed)
    except OSError as error:
        raise DataError(
            f"{folder.parent.parent}: expected room for {needed / 1e9:,.2f} GB, got "
            f"{free / 1e9:,.2f} GB free, or a limit on files. Free some space, or name another "
            f"folder: --out DIR"
        ) from error


def _read(store: SplitStore, report: Callable[[int], None]) -> Iterator[OneClass]:
    """Every class; after the last one raises DataError if they are not what was recorded."""
    digest = ContentDigest((len(store), *store.image_shape))
    for c, name in enumerate(store.class_names):
        image_names = store.image_names[slice(*store.class_offsets[c : c + 2])]
        images = store.read_class(c)
        digest.add(name, image_names, images)
        yield OneClass(name, store.class_categories[c], image_names, images)
        report(len(image_names))
    if digest.hexdigest() != store.fingerprint:
        raise DataError(
            f"{store.path}: the content does not match its recorded hash: expected sha256 "
            f"{store.fingerprint}, got {digest.hexdigest()}. The file was damaged or edited; "
            f"build it again: fewbench data build {store.dataset} --rebuild"
        )


def _write_groups(store: SplitStore, classes: Iterator[OneClass], folder: Path) -> None:
    tiered = store.dataset.partition("-")[0] == "tieredimagenet"  # or a variant of it
    names = _group_names(store, tiered)

    def entries() -> Iterator[tuple[str, np.ndarray | list[bytes], Mapping[str, str]]]:
        for one in classes:
            name = names[one.name]
            if tiered:
                facts = {"label_general": one.category, "label_specific": name}
                yield name, [_png(image) for image in one.images], facts
            else:
                yield name, one.images, {"label_specific": one.name}

    write_groups(folder / f"{store.split}_data.hdf5", entries())
    labels = json.dumps(list(names.values())) + "\n"
    (folder / f"{store.split}_labels.json").write_text(labels, encoding="utf-8")


def _group_names(store: SplitStore, tiered: bool) -> dict[str, str]:
    """Class -> its name in torchmeta's HDF5, where tieredImageNet goes by the words of synsets."""
    words = (
        {wnid: one[2] for wnid, one in ren_split().classes.items()} if tiered else {}
    )
    # HDF5 would make a group of what stands before a slash.
    names = {
        name: words.get(name, name).replace("/", "_") for name in store.class_names
    }
    if len(set(names.values())) != len(names):
        raise DataError(
            f"{store.path}: two classes would have the same name in torchmeta's HDF5. Use another "
            f"form: fewbench data convert {store.dataset} --to images"
        )
    if any("/" in name for name in names):
        _log.warning("%s: '/' in class names is written as '_'", store.path)
    return names


def _write_cache(store: SplitStore, classes: Iterator[OneClass], folder: Path) -> None:
    """A pickle that plain pickle.load reads, written around pixels that are never all in memory.

    numpy.core: old numpy knows no numpy._core, and new numpy still reads the old name.
    """
    dataset = "mini-imagenet" if store.dataset == "miniimagenet" else store.dataset
    offsets = store.class_offsets.tolist()
    rows = {
        name: list(range(*offsets[c : c + 2]))
        for c, name in enumerate(store.class_names)
    }
    shape = (len(store), *store.image_shape)
    with (folder / f"{dataset}-cache-{store.split}.pkl").open("wb") as file:
        file.write(pickle.PROTO + b"\x04" + pickle.EMPTY_DICT + pickle.MARK)
        file.write(
            _opcodes("image_data")
            + pickle.GLOBAL
            + b"numpy.core.multiarray\n_reconstruct\n"
        )
        file.write(_opcodes((np.ndarray, (0,), b"b")) + pickle.REDUCE + pickle.MARK)
        file.write(
            _opcodes(1)
            + _opcodes(shape)
            + _opcodes(np.dtype(np.uint8))
            + pickle.NEWFALSE
        )
        file.write(pickle.BINBYTES8 + math.prod(shape).to_bytes(8, "little"))
        for one in classes:
            file.write(one.images.data)
        file.write(
            pickle.TUPLE + pickle.BUILD + _opcodes("class_dict") + _opcodes(rows)
        )
        file.write(pickle.SETITEMS + pickle.STOP)


def _opcodes(value: object) -> bytes:
    """What pushes a value on a pickle's stack; of protocol 3, which has no frames around it."""
    return pickle.dumps(value, 3)[2:-1]


def _write_images(store: SplitStore, classes: Iterator[OneClass], folder: Path) -> None:
    place = f"{store.split}_images"
    with (folder / f"{store.split}.csv").open(
        "w", encoding="utf-8", newline=""
    ) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("filename", "label"))
        for one in classes:
            _check_names(store, "image", one.image_names)
            for name, image in zip(one.image_names, one.images, strict=True):
                path = f"{place}/{one.name}/{name}.png"
                _write_new(folder / path, _png(image), store)
                table.writerow((path, one.name))


def _write_new(path: Path, data: bytes, store: SplitStore) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        # Also where the file system takes upper and lower case for the same.
        raise DataError(
            f"{store.path}: two images would be written to {path.name} of class "
            f"{path.parent.name}. Use another form: fewbench data convert {store.dataset} "
            f"--to torchmeta"
        ) from None


def _png(image: np.ndarray) -> bytes:
    """A picture, uint8 (H, W, 1 or 3), as the bytes of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


FORMS = {
    "torchmeta": Form(_write_groups, 2**12),
    "cache": Form(_write_cache, 2**6),
    "images": Form(_write_images, 2**13),
}

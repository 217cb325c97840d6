"""Export built splits to the formats that other few-shot code reads; see export_formats."""

import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fewbench.files import require_space, write_json
from fewbench.progress import Progress

from .export_formats import FORMATS, Classes, ExportedClass, ExportFormat, check_names
from .info import DataError
from .layouts.source_files import CONVERSION
from .lookup import pick
from .store.digests import ContentDigest
from .store.split_store import SplitStore

_BYTES_OF_HEADERS = 2**20


def convert(
    stores: Sequence[SplitStore],
    format_name: str,
    out: Path,
    progress: Progress | None = None,
) -> list[Path]:
    """Write splits of one dataset into the new folder `out`; its files and folders, sorted.

    format_name: a name in FORMATS
    progress: called with the stage, and the images written so far and in all
    The images are compared with the recorded hash as they are written. The folder appears
    when it is complete; a killed run leaves `<out>.*.partial` beside it, which nothing reads.
    Raises DataError when `out` exists, cannot be written or has too little room, and when a
    split is damaged or has names that no file can have.
    """
    chosen = pick("format", format_name, FORMATS)
    out = Path(os.path.abspath(out))
    _check_stores(stores)
    total = sum(len(store) for store in stores)
    done = 0

    def report(n_images: int) -> None:
        nonlocal done
        done += n_images
        if progress:
            progress(f"write {format_name}", done, total)

    with _new_folder(out) as folder:
        _require_room(folder, stores, chosen)
        for store in stores:
            chosen.write(store, _read_classes(store, report), folder)
        _record_origin(stores, folder)
    return sorted(out.iterdir())


def _record_origin(stores: Sequence[SplitStore], folder: Path) -> None:
    """Record what the written files cannot say; a later build reads the resampling."""
    first = stores[0]
    fingerprints: dict[str, str] = {}
    for store in stores:
        fingerprints[store.split] = store.fingerprint
    document = {
        "dataset": first.dataset,
        "resampling": str(first.attributes["resampling"]),
        "partial": any(store.partial for store in stores),
        "content_sha256": fingerprints,
    }
    write_json(folder / CONVERSION, document)


def _check_stores(stores: Sequence[SplitStore]) -> None:
    """Raise DataError unless these are splits of one dataset with names fit for files."""
    datasets = {store.dataset for store in stores}
    splits = {store.split for store in stores}
    if len(datasets) != 1:
        raise DataError(
            "only splits of one dataset are exported at once. Name one dataset"
        )
    if len(splits) != len(stores):
        raise DataError("a split is named twice. Name each split once")
    for store in stores:
        own_names = [store.dataset, store.split]
        check_names(store, "dataset or split", own_names, slash_allowed=False)
        check_names(store, "class", store.class_names)
        if not (_has_all_names(store) and _has_images(store)):
            raise DataError(
                f"{store.path}: expected grey or RGB images and one name for each image "
                f"and class, got (H, W, C) {store.image_shape} and others. The file was "
                f"damaged or edited; build it again: {_rebuild_command(store)}"
            )


def _has_all_names(store: SplitStore) -> bool:
    n_classes = len(store.class_names)
    has_image_names = len(store.image_names) == len(store)
    has_categories = len(store.class_categories) == n_classes
    is_unique = len(set(store.class_names)) == n_classes
    return has_image_names and has_categories and is_unique


def _has_images(store: SplitStore) -> bool:
    is_empty = 0 in store.image_shape
    is_grey_or_rgb = store.image_shape[2] in (1, 3)
    return is_grey_or_rgb and not is_empty


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A folder that becomes `out` when the block ends well; otherwise it is removed."""
    if os.path.lexists(out):
        raise DataError(
            f"{out}: already exists, and is not overwritten. Remove it, or choose another: "
            f"--out DIR"
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # A new name each time: what is in the folder is removed when the block fails.
        with tempfile.TemporaryDirectory(
            suffix=".partial", prefix=f"{out.name}.", dir=out.parent
        ) as scratch:
            # Only its owner can enter the folder that tempfile makes, hence one inside it.
            folder = Path(scratch, out.name)
            folder.mkdir()
            yield folder
            folder.rename(out)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename:
            reason += f": {error.filename}"
        raise DataError(
            f"{out}: cannot be written ({reason}). Nothing is kept of it. Free some space, "
            f"or name another folder: --out DIR"
        ) from error


def _require_room(
    folder: Path, stores: Sequence[SplitStore], chosen: ExportFormat
) -> None:
    """Raise DataError when there is too little room: HDF5 crashes when a disk is full."""
    needed = 0
    for store in stores:
        bytes_per_image = math.prod(store.image_shape) + chosen.overhead
        needed += len(store) * bytes_per_image + _BYTES_OF_HEADERS
    try:
        require_space(folder, needed)
    except OSError as error:
        free = shutil.disk_usage(folder).free
        raise DataError(
            f"{folder.parent.parent}: expected room for {needed / 1e9:,.2f} GB, got "
            f"{free / 1e9:,.2f} GB free, or a limit on files. Free some space, or name "
            f"another folder: --out DIR"
        ) from error


def _read_classes(store: SplitStore, report: Callable[[int], None]) -> Classes:
    """Every class. Raises DataError after the last one if their recorded hash differs."""
    shape = (len(store), *store.image_shape)
    digest = ContentDigest(shape)
    for c, name in enumerate(store.class_names):
        first = store.class_offsets[c]
        end = store.class_offsets[c + 1]
        image_names = store.image_names[first:end]
        images = store.read_class(c)
        digest.add(name, image_names, images)
        yield ExportedClass(
            name=name,
            category=store.class_categories[c],
            image_names=image_names,
            images=images,
        )
        report(len(image_names))
    found = digest.hexdigest()
    if found != store.fingerprint:
        raise DataError(
            f"{store.path}: the content does not match its recorded hash: expected sha256 "
            f"{store.fingerprint}, got {found}. The file was damaged or edited; build it "
            f"again: {_rebuild_command(store)}"
        )


def _rebuild_command(store: SplitStore) -> str:
    return f"fewbench data build {store.dataset} --rebuild"

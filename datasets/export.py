"""Export built splits to formats that other few-shot code reads."""

import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fewbench.files import write_json
from fewbench.folders import new_folder_beside
from fewbench.locks import only_writer_of
from fewbench.progress import Progress
from fewbench.space import require_space, what_helps

from .export_formats import FORMATS, Classes, ExportedClass, ExportFormat, check_names
from .info import DataError
from .layouts.source_files import CONVERSION
from .lookup import pick
from .store.digests import ContentDigest
from .store.manifest import resampling_of
from .store.split_store import SplitStore

_BYTES_OF_HEADERS = 2**20


def convert(
    stores: Sequence[SplitStore],
    format_name: str,
    out: Path,
    progress: Progress | None = None,
) -> list[Path]:
    """Write splits of one dataset into the new folder `out`.

    Each split is compared with its recorded hash during writing. The folder `out`
    appears when it is complete. A killed run leaves only a folder `.<out>.partial`, which
    the next run removes.

    format_name: a key of FORMATS
    progress: called with the stage, the number of written images, and the number of all
        images
    Returns the files and folders in `out`, sorted.
    Raises DataError if `out` exists, cannot be written or has too little free space.
    Also raises DataError if the format is unknown, if the splits are not different
    splits of one dataset, or if a split is damaged or has an unsafe file name.
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
    """Write conversion.json, with facts that the exported files cannot contain.

    A later build from the exported folder reads the resampling filter in this file.
    """
    first = stores[0]
    fingerprints: dict[str, str] = {}
    for store in stores:
        fingerprints[store.split] = store.fingerprint
    document = {
        "dataset": first.dataset,
        "resampling": resampling_of(stores),
        "partial": any(store.partial for store in stores),
        "content_sha256": fingerprints,
    }
    write_json(folder / CONVERSION, document)


def _check_stores(stores: Sequence[SplitStore]) -> None:
    """Raise DataError unless the splits are different, intact and of one dataset."""
    datasets = {store.dataset for store in stores}
    splits = {store.split for store in stores}
    if len(datasets) != 1:
        raise DataError(
            f"only splits of one dataset can be exported at once: expected 1 dataset, "
            f"got {len(datasets)}. Export each dataset to its own folder."
        )
    if len(splits) != len(stores):
        named = ", ".join(store.split for store in stores)
        raise DataError(
            f"a split is named twice: expected different splits, got {named}. "
            f"Name each split once."
        )
    for store in stores:
        own_names = [store.dataset, store.split]
        check_names(store, "dataset or split", own_names, slash_allowed=False)
        check_names(store, "class", store.class_names)
        fault = _fault_of(store)
        if fault:
            raise DataError(
                f"{store.path}: cannot export it: {fault}. The file was damaged or "
                f"edited. Build it again: {_rebuild_command(store)}"
            )


def _fault_of(store: SplitStore) -> str:
    """Return why a split cannot be exported; empty if it can."""
    if not _has_images(store):
        height, width, channels = store.image_shape
        return (
            f"expected grey or RGB images, got images of {height} x {width} pixels "
            f"with {channels} channels"
        )
    if not _has_all_names(store):
        return (
            "expected a name for each image and a different name for each class, got "
            "missing or repeated names"
        )
    return ""


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
    """Yield a temporary folder that becomes `out` if the `with` block succeeds.

    If the block fails, the temporary folder is deleted.
    Raises DataError if `out` exists or cannot be written.
    Raises Busy if another process is writing `out`.
    """
    try:
        with only_writer_of(out):
            if os.path.lexists(out):
                raise DataError(
                    f"{out}: already exists, and is not overwritten. Delete it, or "
                    f"choose another folder: --out DIR"
                )
            with new_folder_beside(out) as folder:
                yield folder
                folder.rename(out)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename:
            reason += f": {error.filename}"
        advice = what_helps(error, "Choose another folder: --out DIR")
        raise DataError(
            f"{out}: cannot be written ({reason}). No part of the export was kept. {advice}"
        ) from error


def _require_room(
    folder: Path, stores: Sequence[SplitStore], chosen: ExportFormat
) -> None:
    """Raise DataError if there is too little space. On a full disk, HDF5 crashes."""
    needed = 0
    for store in stores:
        bytes_per_image = math.prod(store.image_shape) + chosen.overhead
        needed += len(store) * bytes_per_image + _BYTES_OF_HEADERS
    try:
        require_space(folder, needed)
    except OSError as error:
        free = shutil.disk_usage(folder).free
        raise DataError(
            f"{folder.parent}: too little space: the export needs "
            f"{needed / 1e9:,.2f} GB, and {free / 1e9:,.2f} GB are free. If enough is "
            f"free, a quota or a limit on the file size is too low. Free some space, "
            f"or choose another folder: --out DIR"
        ) from error


def _read_classes(store: SplitStore, report: Callable[[int], None]) -> Classes:
    """Yield every class of a split.

    report: called after each class with the number of its images
    Raises DataError after the last class if the content differs from its recorded hash.
    """
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
            f"{store.path}: the content does not match its recorded hash: expected "
            f"sha256 {store.fingerprint}, got {found}. The file was damaged or edited. "
            f"Build it again: {_rebuild_command(store)}"
        )


def _rebuild_command(store: SplitStore) -> str:
    return f"fewbench data build {store.dataset} --rebuild"

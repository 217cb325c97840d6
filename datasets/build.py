"""Build a dataset: check, write, verify, and only then take the final name.

A dataset is one folder `<root>/<name>` with a split file each and manifest.json. It is written
as `<name>.partial` and renamed once every byte was read back, so a killed build leaves nothing
that could be taken for a finished one.
"""

import errno
import functools
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

from .download import fetch
from .info import DataError, DatasetInfo, Listing
from .store import SplitStore, write_split

MANIFEST = "manifest.json"
_MANIFEST_SCHEMA = 1
_BYTES_PER_NAME, _BYTES_OF_HEADERS = 100, 100_000  # generous, for the check of free space
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Build:
    """A finished build: where it is, its manifest, and whether it was there before."""

    folder: Path
    manifest: dict[str, Any]
    already_built: bool


def data_root(root: str | Path | None = None) -> Path:
    """Where builds live: `root`, else $FEWBENCH_DATA, else the user's data folder."""
    if root is not None:
        return Path(root).expanduser()
    from_environment = os.environ.get("FEWBENCH_DATA")
    if from_environment:
        return Path(from_environment).expanduser()
    return platformdirs.user_data_path("fewbench")


def build(
    info: DatasetInfo,
    root: Path,
    source: Path | None = None,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> Build:
    """Build every split of a dataset below `root`, or find it built.

    source: folder with the official files; without one they are downloaded
    progress: called with (what is under way, done, total): bytes of a download, then images
    Raises DataError when the source is missing or wrong, or the disk is full or read-only.
    """
    folder = root / info.name
    if not rebuild and (manifest := read_manifest(folder)):
        return Build(folder, manifest, already_built=True)
    with _writing_to(root), _exclusive(root, info):
        if not rebuild and (manifest := read_manifest(folder)):
            return Build(folder, manifest, already_built=True)
        if source is None and not info.embedded:
            source = _download(info, root, progress)
        listing = info.list_classes(source)
        _check_counts(info, listing)
        unfinished = _emptied(root / f"{info.name}.partial")
        try:
            _check_space(info, listing, unfinished)
            manifest = _write(info, listing, unfinished, progress)
            _replace_folder(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return Build(folder, manifest, already_built=False)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished build, or None when there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, OSError) as error:
        raise DataError(
            f"{folder / MANIFEST}: cannot be read ({error}). Build again with --rebuild."
        ) from error
    if not isinstance(manifest, dict) or "splits" not in manifest:
        raise DataError(f"{folder / MANIFEST}: not a manifest. Build again with --rebuild.")
    if manifest.get("schema_version", 0) > _MANIFEST_SCHEMA:
        raise DataError(
            f"{folder / MANIFEST}: written by a newer fewbench (schema "
            f"{manifest['schema_version']}). Upgrade: pip install --upgrade fewbench"
        )
    return manifest


def open_split(info: DatasetInfo, root: Path, split: str) -> SplitStore:
    """The store of one split; an embedded dataset is built on first use.

    Raises DataError naming the command that builds it, or the splits there are.
    """
    if split not in info.splits:
        raise DataError(f"{info.name} has no split '{split}'. It has: {', '.join(info.splits)}.")
    folder = root / info.name
    if read_manifest(folder) is None:
        if not info.embedded:
            raise DataError(
                f"{info.name} is not built in {root}. Build it: fewbench data build {info.name}"
                f" --source DIR (or without --source, to download it)"
            )
        build(info, root)
    return SplitStore(folder / f"{split}.h5")


def verify(info: DatasetInfo, root: Path) -> dict[str, str]:
    """Read every byte of a build again: split -> content sha256.

    Raises DataError naming the first file that is missing, damaged or not the manifest's.
    """
    fingerprints = {}
    for split in info.splits:
        store = open_split(info, root, split)
        store.verify()
        recorded = (read_manifest(root / info.name) or {})["splits"][split]["content_sha256"]
        if store.fingerprint != recorded:
            raise DataError(
                f"{store.path}: content sha256 {store.fingerprint} is not the manifest's "
                f"{recorded}. Build again with --rebuild."
            )
        fingerprints[split] = store.fingerprint
    return fingerprints


def _download(info: DatasetInfo, root: Path, progress: Progress | None) -> Path:
    folder = root / "downloads" / info.name.partition("-")[0]
    folder.mkdir(parents=True, exist_ok=True)
    for one in info.sources:
        report = functools.partial(progress, f"download {one.filename}") if progress else None
        fetch(one, folder, progress=report)
    return folder


def _check_counts(info: DatasetInfo, listing: Listing) -> None:
    for split, expected in info.splits.items():
        found = [one for one in listing.classes if one.split == split]
        n_images = sum(len(one.image_names) for one in found)
        if (len(found), n_images) != (expected.n_classes, expected.n_images):
            raise DataError(
                f"{info.name}, {split}: expected {expected.n_classes} classes and "
                f"{expected.n_images} images, found {len(found)} and {n_images}. The source is "
                f"incomplete or another dataset."
            )


def _check_space(info: DatasetInfo, listing: Listing, folder: Path) -> None:
    """Take the space that the build needs and give it back; raises OSError when there is less.

    HDF5 itself does not survive a full disk: it crashes when it closes the file.
    """
    n_images = sum(len(one.image_names) for one in listing.classes)
    needed = n_images * (math.prod(info.image_shape) + _BYTES_PER_NAME) + _BYTES_OF_HEADERS
    if not hasattr(os, "posix_fallocate"):  # macOS, Windows
        if shutil.disk_usage(folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, needed)


def _write(
    info: DatasetInfo, listing: Listing, folder: Path, progress: Progress | None
) -> dict[str, Any]:
    total = sum(counts.n_images for counts in info.splits.values())
    done = 0
    checks = list(listing.checks)
    for split in info.splits:
        classes = [one for one in listing.classes if one.split == split]
        for n_images in write_split(folder / f"{split}.h5", info, split, classes, partial=False):
            done += n_images
            if progress:
                progress(f"write {info.name}", done, total)
        SplitStore(folder / f"{split}.h5").verify()
    manifest = _manifest(info, folder, checks)
    _write_json(folder / MANIFEST, manifest)
    return manifest


def _manifest(info: DatasetInfo, folder: Path, checks: list[str]) -> dict[str, Any]:
    splits = {}
    for split in info.splits:
        store = SplitStore(folder / f"{split}.h5")
        splits[split] = {
            "file": store.path.name,
            "n_classes": len(store.class_names),
            "n_images": len(store),
            "bytes": store.path.stat().st_size,
            "content_sha256": store.fingerprint,
        }
        reference = info.reference_sha256.get(split)
        if reference:
            same = "is" if store.fingerprint == reference else "differs from"
            checks.append(f"{split}: content {same} the reference build")
    return {
        "schema_version": _MANIFEST_SCHEMA,
        "dataset": info.name,
        "split_scheme": info.split_scheme,
        "resampling": info.resampling,
        "polarity": info.polarity,
        "partial": False,
        "splits": splits,
        "checks": checks,
        "versions": {name: version(name) for name in ("fewbench", "h5py", "numpy", "pillow")},
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _write_json(path: Path, document: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def _emptied(folder: Path) -> Path:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _replace_folder(finished: Path, folder: Path) -> None:
    """Rename is atomic; a folder that stood there is moved aside first and then removed."""
    old = folder.with_name(f"{folder.name}.old.partial")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    finished.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _writing_to(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DataError(
            f"{root}: cannot write there ({error.strerror or error}). Nothing half-written is "
            f"kept. Free some space or choose another folder with --root DIR."
        ) from error


@contextmanager
def _exclusive(root: Path, info: DatasetInfo) -> Iterator[None]:
    """One build of a dataset at a time; the lock dies with its process.

    Embedded datasets are built on first use, within seconds: a second user waits.
    """
    with (root / f".{info.name}.lock").open("w") as file:
        try:
            import fcntl  # not on Windows, where builds are not locked
        except ImportError:
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if info.embedded else fcntl.LOCK_NB))
        except BlockingIOError:
            raise DataError(
                f"another process is building {info.name} in {root}. Wait for it to finish."
            ) from None
        yield

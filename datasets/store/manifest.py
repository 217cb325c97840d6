"""Read and write manifest.json, which describes a finished build and its checks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    read_bytes,
)
from fewbench.files import write_json

from ..info import DataError, DatasetInfo, Listing
from .advice import ADDED, build_again
from .attributes import recorded_pixels
from .split_store import SplitStore
from .versions import installed_version

MANIFEST = "manifest.json"
_MANIFEST_SCHEMA = 1
_MOST = 10**12  # far more classes or images than a split can have


class _Split(BaseModel):
    """The fields of a split in a manifest that commands use."""

    model_config = ConfigDict(strict=True)

    n_classes: int = Field(ge=1, le=_MOST)
    n_images: int = Field(ge=1, le=_MOST)
    content_sha256: str
    # The size of the file. Older manifests may lack it.
    bytes: int = Field(0, ge=0, le=_MOST * _MOST)


class _Manifest(BaseModel):
    """The fields of a manifest that commands use."""

    model_config = ConfigDict(strict=True)

    schema_version: int = Field(0, ge=0, le=_MANIFEST_SCHEMA)
    form: str
    resampling: str
    partial: bool
    splits: dict[str, _Split] = Field(min_length=1)
    checks: list[str]


_SCHEMA = TypeAdapter(_Manifest)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest.json of the finished build in `folder`; None if it is missing.

    Raises DataError if the manifest is damaged or written by a newer fewbench.
    """
    path = folder / MANIFEST
    try:
        manifest = parse_json(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (DocumentError, OSError) as error:
        raise DataError(
            f"{path}: cannot be read: expected a JSON document, got an error "
            f"({error}). {build_again(path)}"
        ) from error
    _refuse_newer(path, manifest)
    try:
        fit(manifest, _SCHEMA)
    except DocumentError as error:
        raise DataError(
            f"{path}: not a manifest: expected the JSON document of a finished build, "
            f"got another document ({error}). {build_again(path)}"
        ) from error
    return manifest


def _refuse_newer(path: Path, manifest: object) -> None:
    schema = newer_version(manifest, _MANIFEST_SCHEMA)
    if schema is not None:
        raise DataError(
            f"{path}: written by a newer fewbench: expected schema version "
            f"{_MANIFEST_SCHEMA} or older, got {schema}. {UPGRADE}"
        )


def write_manifest(
    info: DatasetInfo,
    listing: Listing,
    folder: Path,
    split_names: list[str],
) -> dict[str, Any]:
    """Write the manifest of a build beside its split files. Return its content.

    folder: the folder of the build, with a finished file for each of `split_names`
    """
    splits: dict[str, dict[str, Any]] = {}
    stores: list[SplitStore] = []
    checks = list(listing.checks)
    for split in split_names:
        store = SplitStore(folder / f"{split}.h5")
        splits[split] = _describe_split(store)
        stores.append(store)
        check = _compare_with_reference(info, store)
        if check is not None:
            checks.append(check)
    manifest: dict[str, Any] = {
        "schema_version": _MANIFEST_SCHEMA,
        "dataset": info.name,
        "split_scheme": info.split_scheme,
        "resampling": resampling_of(stores),
        "polarity": info.polarity,
        "form": listing.layout,
        "partial": listing.partial,
        "splits": splits,
        "checks": checks,
        "versions": {
            "fewbench": installed_version("fewbench"),
            "h5py": installed_version("h5py"),
            "numpy": installed_version("numpy"),
            "pillow": installed_version("pillow"),
        },
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if info.added:
        manifest[ADDED] = _facts_to_add(info)
    write_json(folder / MANIFEST, manifest, durable=True)
    return manifest


def _facts_to_add(info: DatasetInfo) -> dict[str, Any]:
    """Return the facts that only the manifest can tell about an added dataset."""
    return {
        "title": info.title,
        "image_shape": list(info.image_shape),
        "split_scheme": info.split_scheme,
        "resampling": info.resampling,
    }


def _describe_split(store: SplitStore) -> dict[str, Any]:
    return {
        "file": store.path.name,
        "n_classes": len(store.class_names),
        "n_images": len(store),
        "bytes": store.path.stat().st_size,
        "content_sha256": store.fingerprint,
        "pixels_sha256": store.pixels_sha256,
        "made_from": store.attributes.get("made_from", ""),
        "pixels": recorded_pixels(store.attributes),
    }


def resampling_of(stores: Sequence[SplitStore]) -> str:
    """Return what is recorded about the filter that resized the images of splits.

    Where the splits differ, the words name each of them.
    """
    return recorded(stores, "resampling")


def recorded(stores: Sequence[SplitStore], name: str) -> str:
    """Return the text of an attribute of splits; "" if they do not have it.

    Where the splits differ, the words name each of them.
    """
    by_split: dict[str, str] = {}
    for store in stores:
        by_split[store.split] = str(store.attributes.get(name, ""))
    different = set(by_split.values())
    if len(different) == 1:
        return different.pop()
    return ". ".join(f"{split}: {words}" for split, words in by_split.items())


def _compare_with_reference(info: DatasetInfo, store: SplitStore) -> str | None:
    """Return a sentence that says whether a split equals the reference build.

    None if no reference hash is known for the split.
    """
    reference = info.reference_sha256.get(store.split)
    if not reference:
        return None
    verdict = "differs from"
    if store.fingerprint == reference:
        verdict = "is"
    return f"{store.split}: content {verdict} the reference build"

"""manifest.json: what a finished build is, from what it was made and what was checked."""

import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..info import DataError, DatasetInfo, Listing
from .split_store import SplitStore

MANIFEST = "manifest.json"
_MANIFEST_SCHEMA = 1


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
        raise DataError(
            f"{folder / MANIFEST}: not a manifest. Build again with --rebuild."
        )
    if manifest.get("schema_version", 0) > _MANIFEST_SCHEMA:
        raise DataError(
            f"{folder / MANIFEST}: written by a newer fewbench (schema "
            f"{manifest['schema_version']}). Upgrade: pip install --upgrade fewbench"
        )
    return manifest


def write_manifest(
    info: DatasetInfo, listing: Listing, folder: Path, names: list[str]
) -> dict[str, Any]:
    """Describe the splits `names` that stand in `folder`, and write it beside them."""
    splits, checks = {}, list(listing.checks)
    for split in names:
        store = SplitStore(folder / f"{split}.h5")
        splits[split] = {
            "file": store.path.name,
            "n_classes": len(store.class_names),
            "n_images": len(store),
            "bytes": store.path.stat().st_size,
            "content_sha256": store.fingerprint,
            "pixels_sha256": store.pixels_sha256,
        }
        reference = info.reference_sha256.get(split)
        if reference:
            same = "is" if store.fingerprint == reference else "differs from"
            checks.append(f"{split}: content {same} the reference build")
    manifest = {
        "schema_version": _MANIFEST_SCHEMA,
        "dataset": info.name,
        "split_scheme": info.split_scheme,
        "resampling": listing.resampling or info.resampling,
        "polarity": info.polarity,
        "form": listing.form,
        "partial": listing.partial,
        "splits": splits,
        "checks": checks,
        "versions": {
            name: version(name) for name in ("fewbench", "h5py", "numpy", "pillow")
        },
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _write_json(folder / MANIFEST, manifest)
    return manifest


def _write_json(path: Path, document: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())

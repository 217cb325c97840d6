"""Describe datasets and their builds as text and as JSON, for `fewbench data`.

A manifest is the content of a build's manifest.json; None if there is no build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fewbench.documents import in_lines

if TYPE_CHECKING:
    from ...datasets.build import Build
    from ...datasets.info import DatasetInfo

Manifest = dict[str, Any]
_SPLITS = ("train", "val", "test")


def is_resampled_variant(info: DatasetInfo) -> bool:
    """Return whether the dataset is a variant of another dataset.

    A variant has the same images, but resized with another filter. Its title ends with
    the name of the filter.
    """
    return info.title.endswith(f", {info.resampling}")


def state_row(info: DatasetInfo, manifest: Manifest | None) -> list[str]:
    """Return the row of a dataset in `fewbench data list`.

    It counts what is built; without a build, what the complete dataset has.
    """
    classes = _classes_there(info, manifest)
    n_images = _n_images(info, manifest)
    n_bytes = _n_bytes(manifest)
    return [
        info.name,
        _state(info, manifest),
        "/".join(map(str, classes.values())),
        f"{n_images:,}",
        _megabytes(n_bytes) if n_bytes else "",
        info.title,
    ]


def state_document(info: DatasetInfo, manifest: Manifest | None) -> dict[str, Any]:
    """Return a dataset as JSON for `fewbench data list`.

    The counts describe the build. If there is no build, they describe the complete
    dataset.
    """
    return {
        "built": manifest is not None,
        "partial": manifest is not None and bool(manifest["partial"]),
        "own_images": info.added,
        "classes": _classes_there(info, manifest),
        "images": _n_images(info, manifest),
        "bytes": _n_bytes(manifest),
        "title": info.title,
    }


def info_document(info: DatasetInfo) -> dict[str, Any]:
    """Return the facts about a dataset that do not depend on a build, as JSON."""
    file_names = [source.filename for source in info.sources]
    if info.embedded:
        file_names = ["embedded"]
    if info.added:
        file_names = ["your own images"]
    return {
        "name": info.name,
        "title": info.title,
        "image_shape": list(info.image_shape),
        "classes": _numbers_of_classes(info),
        "images": _numbers_of_images(info),
        "split_scheme": info.split_scheme,
        "resampling": info.resampling,
        "polarity": info.polarity,
        "licence": info.licence,
        "citation": info.citation,
        "sources": file_names,
        "forms": list(info.layouts),
    }


def info_text(info: DatasetInfo, manifest: Manifest | None) -> str:
    """Return the text of `fewbench data info`.

    It has the facts about a dataset, the possible layouts of its source, and its build.
    """
    facts = info_document(info)
    layouts = facts.pop("forms")
    lines = []
    for key, value in facts.items():
        lines.append(f"{key:13} {_flat(value)}")
    for layout in layouts:
        lines.append(f"builds from    {layout}")
    if manifest:
        lines += build_lines(manifest)
    else:
        lines.append(f"not built: fewbench data build {info.name}")
    return in_lines(lines)


def built_text(built: Build, *, from_source: bool) -> str:
    """Return the text of `fewbench data build`.

    from_source: whether the user gave --source
    """
    what = "built"
    if built.already_built:
        what = "already built"
        if from_source:
            what += " (the source was not read; to build from it, add --rebuild)"
    if built.manifest["partial"]:
        what += ", PARTIAL: not the real dataset,"
    return in_lines([f"{what} in {built.folder}", *build_lines(built.manifest)])


def build_lines(manifest: Manifest) -> list[str]:
    """Return the splits of a build, its source, resizing filter and passed checks."""
    lines = []
    for split in _SPLITS:
        counts = manifest["splits"].get(split)
        if counts:
            n_classes = counts["n_classes"]
            n_images = counts["n_images"]
            sha256 = counts["content_sha256"]
            lines.append(
                f"  {split:5} {n_classes:>5} classes {n_images:>7,} images  "
                f"sha256 {sha256}"
            )
            # Builds of earlier versions did not count, and arrays have no image files.
            if counts.get("made_from"):
                lines.append(f"        made from {counts['made_from']}")
            if counts.get("pixels"):
                lines.append(f"        {counts['pixels']}")
    lines.append(f"  from {manifest['form']}; pixels: {manifest['resampling']}")
    for check in manifest["checks"]:
        lines.append(f"  checked: {check}")
    if manifest["partial"]:
        lines.append("  PARTIAL: built from incomplete data, not the real dataset")
    return lines


def _state(info: DatasetInfo, manifest: Manifest | None) -> str:
    if info.added:
        return "own images"
    if manifest is not None:
        return "partial" if manifest["partial"] else "built"
    return "embedded" if info.embedded else "not built"


def _numbers_of_classes(info: DatasetInfo) -> dict[str, int]:
    """Return the number of classes in each complete split, by split name."""
    numbers = {}
    for split, counts in info.splits.items():
        numbers[split] = counts.n_classes
    return numbers


def _classes_there(info: DatasetInfo, manifest: Manifest | None) -> dict[str, int]:
    """Return the number of classes in each split of a build, or of the dataset."""
    classes = _numbers_of_classes(info)
    if manifest is not None:
        for split in classes:
            built = manifest["splits"].get(split, {})
            classes[split] = built.get("n_classes", 0)
    return classes


def _n_bytes(manifest: Manifest | None) -> int:
    """Return the size of the split files of a build; 0 if it is not recorded."""
    n_bytes = 0
    for counts in (manifest or {"splits": {}})["splits"].values():
        n_bytes += counts.get("bytes", 0)
    return n_bytes


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"


def _numbers_of_images(info: DatasetInfo) -> dict[str, int]:
    """Return the number of images in each complete split, by split name."""
    numbers = {}
    for split, counts in info.splits.items():
        numbers[split] = counts.n_images
    return numbers


def _n_images(info: DatasetInfo, manifest: Manifest | None) -> int:
    if manifest is None:
        return sum(_numbers_of_images(info).values())
    n_images = 0
    for counts in manifest["splits"].values():
        n_images += counts["n_images"]
    return n_images


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        parts = [f"{key} {number:,}" for key, number in value.items()]
        return ", ".join(parts)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)

"""Describe a dataset that a user added, from the manifest of its build."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter

from fewbench.documents import DocumentError, fit

from ..info import (
    DataError,
    DatasetInfo,
    Listing,
    ProtocolDefaults,
    Request,
    SplitCounts,
)
from ..store.manifest import ADDED, MANIFEST, read_manifest
from .found import SPLITS

# The numbers of classes and of images in the protocols of every added dataset.
_SHAPES = ((5, 1), (5, 5), (20, 1), (20, 5))
_FEWEST_WAYS = 5
_Side = Annotated[int, Field(ge=1, le=4096)]


class _Added(BaseModel):
    """What the manifest of an added dataset says beyond that of every build."""

    title: str
    image_shape: tuple[_Side, _Side, _Side]
    split_scheme: str
    resampling: str


_SCHEMA = TypeAdapter(_Added)


def read_added(folder: Path) -> DatasetInfo | None:
    """Return the dataset that a user added in a folder; None if there is none.

    Raises DataError if its manifest is damaged.
    """
    manifest = read_manifest(folder)
    if manifest is None or ADDED not in manifest:
        return None
    try:
        added = fit(manifest[ADDED], _SCHEMA)
    except DocumentError as error:
        raise DataError(
            f"{folder / MANIFEST}: cannot be read: expected the facts about an added "
            f"dataset, got others ({error}). Add it again: fewbench data add "
            f"{folder.name} FOLDER --rebuild"
        ) from error
    splits: dict[str, SplitCounts] = {}
    for split in SPLITS:
        counts = manifest["splits"].get(split)
        if counts is None:
            continue
        splits[split] = SplitCounts(counts["n_classes"], counts["n_images"])
    return added_info(folder.name, added.model_dump(), splits)


def added_info(
    name: str, facts: Mapping[str, Any], splits: Mapping[str, SplitCounts]
) -> DatasetInfo:
    """Return the description of an added dataset.

    facts: title, image_shape, split_scheme and resampling
    """
    _, _, channels = facts["image_shape"]
    return DatasetInfo(
        name=name,
        **facts,
        splits=splits,
        polarity="RGB" if channels == 3 else "grey",
        licence="that of your own images",
        citation="your own images",
        list_classes=partial(_needs_source, name),
        protocols=ProtocolDefaults(shapes=shapes_for(splits)),
        added=True,
    )


def shapes_for(splits: Mapping[str, SplitCounts]) -> tuple[tuple[int, int], ...]:
    """Return the pairs (way, shot) of the protocols on an added dataset.

    A test split of fewer than five classes has protocols with all of them.
    """
    test = splits.get("test")
    if test is None or test.n_classes >= _FEWEST_WAYS:
        return _SHAPES
    return ((test.n_classes, 1), (test.n_classes, 5))


def _needs_source(name: str, _request: Request) -> Listing:
    raise DataError(
        f"{name}: expected a published dataset, got one of your own images, which `data "
        f"build` cannot build. To make it again: fewbench data add {name} FOLDER --rebuild"
    )

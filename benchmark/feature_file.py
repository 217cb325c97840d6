"""The document `features.json` in a folder of stored features: what was embedded, and how."""

import hashlib
import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    read_bytes,
    shown,
)
from fewbench.files import write_json

from ..baselines.learner import BaselineError, LearnerCard, ScoreKind
from ..reports.origin import Checks, ImagePreparation, Sha256, Text

SCHEMA_VERSION = 1
NAME = "features.json"
_RECORD = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)
_Count = Annotated[int, Field(ge=1, le=10**12)]
_BlockPath = Annotated[
    str, Field(pattern=r"^features/[0-9a-f]{2}/[0-9a-f]{64}\.npy$", max_length=100)
]


@dataclass(frozen=True, config=_RECORD)
class FeaturePart:
    """A file with the features of some images, in the embedding order.

    path: the file in the folder
    """

    path: _BlockPath
    sha256: Sha256
    n_images: _Count


@dataclass(frozen=True, config=_RECORD)
class EmbeddedImages:
    """The images that were embedded: all of a split.

    fingerprint: the content hash of the split
    n_images: the number of images, including rotated ones
    image_shape: (H, W, C) of the prepared images
    preparation: what was done to the images; None for nothing
    """

    dataset: Text
    split: Text
    fingerprint: Text
    n_images: _Count
    image_shape: tuple[_Count, _Count, _Count]
    rotations: bool
    preparation: ImagePreparation | None = None


@dataclass(frozen=True, config=_RECORD)
class FeatureFile:
    """The document in a folder of stored features.

    id: the hash of all that decides the features and this document
    head: how the learner compares features: "protonet", or "own" for code of its own
    identity: what decides the features of the model, see `cluster.identity`
    conditions: how the machine computed, see `cluster.conditions`
    checks: what was found when images were embedded again
    """

    schema_version: int
    id: Sha256
    card: LearnerCard
    head: Annotated[str, Field(pattern="^(protonet|own)$")]
    scores_are: ScoreKind
    temperature: Annotated[float, Field(gt=0)]
    images: EmbeddedImages
    identity: dict[str, str | int | None]
    conditions: dict[str, str | int]
    checks: Checks
    parts: Annotated[tuple[FeaturePart, ...], Field(min_length=1)]
    document_sha256: str = ""


_SCHEMA = TypeAdapter(FeatureFile)


def write_feature_file(folder: Path, file: FeatureFile) -> Path:
    """Write the document of a folder, sealed by its own hash. Return its path."""
    document = _SCHEMA.dump_python(replace(file, document_sha256=""), mode="json")
    document["document_sha256"] = _seal_of(document)
    return write_json(folder / NAME, document, durable=True)


def read_feature_file(folder: Path) -> FeatureFile:
    """Read the document of a folder.

    Raises BaselineError if the folder holds no stored features, if the document is damaged
    or was changed, or if a newer fewbench wrote it.
    """
    path = folder / NAME
    if not path.exists():
        raise BaselineError(
            f"{shown(folder, 400)}: holds no stored features: expected the file {NAME}, "
            f"which `fewbench embed` writes at its end, got none. Embed the images: "
            f"fewbench embed WHAT --dataset NAME --split test --out "
            f"{shlex.quote(shown(folder, 400))}"
        )
    try:
        document = parse_json(read_bytes(path))
        _refuse_newer(path, document)
        file = fit(document, _SCHEMA)
    except (OSError, DocumentError) as error:
        raise _damaged(path, str(error)) from error
    if file.document_sha256 != _seal_of(document):
        raise _damaged(path, "values that were changed by hand")
    if sum(part.n_images for part in file.parts) != file.images.n_images:
        raise _damaged(path, "another number of images in its parts than in the split")
    return file


def _seal_of(document: dict[str, Any]) -> str:
    """Return the hash of a document without its own field for it."""
    content = {**document, "document_sha256": ""}
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_newer(path: Path, document: object) -> None:
    version = newer_version(document, SCHEMA_VERSION)
    if version is not None:
        raise BaselineError(
            f"{shown(path, 400)}: written by a newer fewbench: expected schema_version "
            f"{SCHEMA_VERSION}, got {version}. {UPGRADE}"
        )


def _damaged(path: Path, got: str) -> BaselineError:
    return BaselineError(
        f"{shown(path, 400)}: cannot be read: expected the document that `fewbench embed` "
        f"wrote, got a damaged one: {shown(got, 200)}. Delete it, then type the same "
        f"fewbench embed again"
    )

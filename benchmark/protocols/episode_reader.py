"""Read episode files. Raise an error if a file is damaged, edited or inconsistent."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NoReturn

import numpy as np
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    shown,
)
from fewbench.files import open_file
from fewbench.npz import read_arrays

from ...datasets.info import DataError
from ...reports.protocol import EvalProtocol
from .episode_files import (
    HASHED,
    INDEX,
    SCHEMA_VERSION,
    EpisodeFile,
    content_sha256,
)

ClassImages = dict[str, tuple[str, ...]]
# A zip file of a few kilobytes can unpack to terabytes, hence this limit. A million
# 20-way 5-shot episodes take 0.8 GB.
BYTES_LIMIT = 1 << 30
_EXPORT = "fewbench protocol export NAME --out FILE"


@dataclass(frozen=True, config=ConfigDict(extra="ignore", strict=True))
class _Header:
    """The JSON document in an episode file.

    classes: the name and the image names of each class
    """

    format: Literal["fewbench-episodes"]
    schema_version: int
    protocol: EvalProtocol
    data_fingerprint: str
    classes: list[tuple[str, tuple[str, ...]]]


_HEADER = TypeAdapter(_Header)


def read_episodes(path: Path) -> EpisodeFile:
    """Read and check an episode file.

    Raises DataError if the file is missing, damaged or edited, or if it is not an
    episode file. Also raises DataError if a newer version of fewbench wrote it.
    """
    arrays = _read_arrays(path)
    _check_sha256(path, arrays)
    header = _read_header(path, arrays["header"].tobytes())
    class_images = _class_images_in(path, header)
    protocol = header.protocol
    _check_shapes(path, protocol, arrays)
    _check_places(path, class_images, arrays)
    _check_repeats(path, arrays)
    return EpisodeFile(
        path=path,
        protocol=protocol,
        data_fingerprint=header.data_fingerprint,
        class_images=class_images,
        classes=arrays["classes"],
        images=arrays["images"],
    )


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    names = (*HASHED, "sha256")
    try:
        _check_size(path)
        return read_arrays(path, dict.fromkeys(names, BYTES_LIMIT))
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file. To write an episode file: {_EXPORT}"
        ) from None
    except (
        Exception
    ) as error:  # damaged bytes make numpy and zipfile raise nearly anything
        _refuse(path, f"it cannot be read ({shown(str(error))})", error)


def _check_size(path: Path) -> None:
    with open_file(path) as file, zipfile.ZipFile(file) as archive:
        n_bytes = sum(member.file_size for member in archive.infolist())
    if n_bytes > BYTES_LIMIT:
        _refuse(path, "it would unpack to more than a gibibyte")


def _check_sha256(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    recorded = arrays["sha256"].tobytes().decode("ascii", "replace")
    found = content_sha256(arrays)
    if recorded != found:
        expected = shown(recorded, 64)
        _refuse(
            path,
            f"its content was changed: expected sha256 {expected}, got {found}",
        )


def _read_header(path: Path, data: bytes) -> _Header:
    try:
        document = parse_json(data)
        _refuse_newer(path, document)
        return fit(document, _HEADER)
    except DocumentError as error:
        _refuse(path, f"its header is not valid ({error})", error)


def _refuse_newer(path: Path, document: object) -> None:
    version = newer_version(document, SCHEMA_VERSION)
    if version is not None:
        raise DataError(
            f"{path}: written by a newer version of fewbench: expected schema version "
            f"{SCHEMA_VERSION} or older, got {version}. {UPGRADE}"
        )


def _class_images_in(path: Path, header: _Header) -> ClassImages:
    """Return class name -> names of the images in the class, from a file's header.

    Raises DataError if a class or an image in a class is listed twice.
    """
    class_images: ClassImages = {}
    for class_name, names in header.classes:
        listed_before = class_name in class_images
        if listed_before or len(set(names)) < len(names):
            _refuse(path, "its header lists a class or an image twice")
        class_images[class_name] = names
    return class_images


def _check_shapes(
    path: Path, protocol: EvalProtocol, arrays: Mapping[str, np.ndarray]
) -> None:
    n_episodes, n_way = protocol.n_episodes, protocol.n_way
    per_class = protocol.n_shot + protocol.n_query
    shapes = {
        "classes": (n_episodes, n_way),
        "images": (n_episodes, n_way, per_class),
    }
    for name, shape in shapes.items():
        array = arrays[name]
        if array.dtype != INDEX or array.shape != shape:
            _refuse(
                path,
                f"{name}: expected uint16 {shape}, got {array.dtype} {array.shape}",
            )


def _check_places(
    path: Path, class_images: ClassImages, arrays: Mapping[str, np.ndarray]
) -> None:
    """Raise DataError if an episode uses an index beyond the header's lists."""
    unlisted = "an episode uses a class or an image that the header does not list"
    classes = arrays["classes"]
    if int(classes.max()) >= len(class_images):
        _refuse(path, unlisted)
    sizes = np.array(list(map(len, class_images.values())))
    n_images = sizes[classes]
    if (arrays["images"] >= n_images[:, :, None]).any():
        _refuse(path, unlisted)


def _check_repeats(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    for name in ("classes", "images"):
        ordered = np.sort(arrays[name], axis=-1)
        repeated = np.diff(ordered, axis=-1) == 0
        if repeated.any():
            _refuse(path, "an episode uses a class or an image twice")


def _refuse(path: Path, what: str, cause: Exception | None = None) -> NoReturn:
    raise DataError(
        f"{path}: not an episode file as fewbench writes it: {what}. Download the file "
        f"again, or write a new file: {_EXPORT}"
    ) from cause

"""Episode files: the exact images of every episode, readable with numpy alone.

An .npz of four arrays:
header: uint8, a JSON document in UTF-8. Its keys are format, schema_version, protocol,
    data_fingerprint, episodes_fingerprint and classes. `classes` is a list of
    [class name, [image names]]; the key of an image is "class name/image name"
classes: uint16 (n_episodes, n_way) indices into that list; column w has the label w
images: uint16 (n_episodes, n_way, n_shot + n_query) indices into the image names of the
    class, support images first
sha256: uint8, the hexadecimal sha256 of the bytes of header, classes and images, in that order
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fewbench.files import write_bytes

from ...datasets.info import DataError
from ...datasets.view import ImageView
from ...reports.protocol import EvalProtocol
from .stream import EpisodeStream, open_stream

FORMAT = "fewbench-episodes"
SCHEMA_VERSION = 1
HASHED = ("header", "classes", "images")
INDEX = np.dtype("<u2")


@dataclass(frozen=True, eq=False)
class EpisodeFile:
    """What a checked episode file says, and its arrays as they are in the file.

    class_images: the names of the images of each class, by class name
    """

    path: Path
    protocol: EvalProtocol
    data_fingerprint: str
    class_images: Mapping[str, tuple[str, ...]]
    classes: np.ndarray
    images: np.ndarray


def export_episodes(protocol: EvalProtocol, root: Path, path: Path) -> str:
    """Write the episodes of a protocol; the sha256 of the content.

    Raises DataError when the dataset is not built.
    """
    arrays = pack(open_stream(protocol, root))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # pyright: ignore[reportArgumentType] - numpy's stub
    write_bytes(path, buffer.getvalue())
    sha256 = arrays["sha256"]
    return sha256.tobytes().decode()


def pack(stream: EpisodeStream) -> dict[str, np.ndarray]:
    """The arrays of the file that holds these episodes.

    Raises DataError when there are more classes, or images in a class, than uint16 counts.
    """
    header = json.dumps(_header(stream), sort_keys=True)
    episodes = stream.episodes
    indices = np.concatenate([episodes.support, episodes.query], axis=2)
    places = _places_in_class(stream.view)
    images = places[indices]
    arrays = {
        "header": _as_bytes(header),
        "classes": episodes.classes.astype(INDEX),
        "images": images.astype(INDEX),
    }
    sha256 = content_sha256(arrays)
    arrays["sha256"] = _as_bytes(sha256)
    return arrays


def content_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    """The sha256 that a file with these arrays carries."""
    digest = hashlib.sha256()
    for name in HASHED:
        array = np.ascontiguousarray(arrays[name])
        digest.update(array.tobytes())
    return digest.hexdigest()


def _header(stream: EpisodeStream) -> dict[str, object]:
    view = stream.view
    classes = []
    for index, name in enumerate(view.class_names):
        image_names = view.class_image_names(index)
        classes.append([name, image_names])
    _require_room(classes)
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "protocol": asdict(stream.protocol),
        "data_fingerprint": view.fingerprint,
        "episodes_fingerprint": stream.fingerprint,
        "classes": classes,
    }


def _require_room(classes: list[list]) -> None:
    most = np.iinfo(INDEX).max
    n_classes = len(classes)
    n_images = max(len(image_names) for _, image_names in classes)
    if n_classes > most or n_images > most:
        raise DataError(
            f"an episode file: expected at most {most:,} classes and {most:,} images of a "
            f"class, got {n_classes:,} classes and up to {n_images:,} images. Choose another "
            f"protocol: fewbench protocol list"
        )


def _places_in_class(view: ImageView) -> np.ndarray:
    """The place of every image among the images of its class: int64 (n_images,)"""
    places = np.empty(len(view), np.int64)
    for class_index in range(view.n_classes):
        indices = view.class_images(class_index)
        places[indices] = np.arange(len(indices))
    return places


def _as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)

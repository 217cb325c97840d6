"""Write episode files, which list the images of each episode by name.

numpy alone can read an episode file. The file is an .npz with four arrays:
header: uint8 (n_bytes,) a JSON document in UTF-8. Its keys are `format`,
    `schema_version`, `protocol`, `data_fingerprint`, `episodes_fingerprint` and
    `classes`. `classes` is a list with an entry [class name, [image names]] for each
    class. The key of an image is "class name/image name".
classes: uint16 (n_episodes, n_way) indices into the header's list `classes`; the class
    in column w has the label w
images: uint16 (n_episodes, n_way, n_shot + n_query) indices into the image names of the
    class, support images first
sha256: uint8 (64,) the hexadecimal sha256 of the bytes of header, classes and images,
    in this order
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
    """The content of a checked episode file.

    data_fingerprint: the content hash of the split that the episodes were drawn from
    class_images: class name -> names of the images in the class
    classes: uint16 (n_episodes, n_way) indices into `class_images`
    images: uint16 (n_episodes, n_way, n_shot + n_query) indices into the image names of
        the class, support images first
    """

    path: Path
    protocol: EvalProtocol
    data_fingerprint: str
    class_images: Mapping[str, tuple[str, ...]]
    classes: np.ndarray
    images: np.ndarray


def export_episodes(protocol: EvalProtocol, root: Path, path: Path) -> str:
    """Write the episodes of a protocol into a file. Return the sha256 of its content.

    root: the folder with the built datasets
    path: the episode file to write
    Raises DataError if the dataset is not built, or if it is too large for an episode
    file.
    """
    arrays = pack(open_stream(protocol, root))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # pyright: ignore[reportArgumentType] - numpy's stub
    write_bytes(path, buffer.getvalue())
    sha256 = arrays["sha256"]
    return sha256.tobytes().decode()


def pack(stream: EpisodeStream) -> dict[str, np.ndarray]:
    """Return the arrays of the episode file for these episodes, by name.

    Raises DataError if the split has more than 65,535 classes, or a class with more
    than 65,535 images. Their indices would not fit into uint16.
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
    """Return the hexadecimal sha256 of the arrays header, classes and images."""
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
            f"the dataset is too large for an episode file: expected at most {most:,} "
            f"classes and {most:,} images in a class, got {n_classes:,} classes and up "
            f"to {n_images:,} images. Choose another protocol: fewbench protocol list"
        )


def _places_in_class(view: ImageView) -> np.ndarray:
    """Return the position of each image in its class: int64 (n_images,)."""
    places = np.empty(len(view), np.int64)
    for class_index in range(view.n_classes):
        indices = view.class_images(class_index)
        places[indices] = np.arange(len(indices))
    return places


def _as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)

"""Episode files: the exact images of every episode, readable with numpy alone.

An .npz of four arrays:
header: uint8, UTF-8 JSON: format, schema_version, protocol, data_fingerprint,
    episodes_fingerprint and classes, a list of [class key, [name of each of its images]];
    the key of an image is "class key/name"
classes: uint16 (n_episodes, n_way) row of the list of classes; the one at position w has label w
images: uint16 (n_episodes, n_way, n_shot + n_query) place among the names of the class,
    support first
sha256: uint8, the hexadecimal sha256 of the bytes of the other three, in this order
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
from pydantic import TypeAdapter, ValidationError

from fewbench.files import write_bytes

from ...datasets import BUILDERS
from ...datasets.episodes import EpisodeBatch
from ...datasets.info import DataError
from ...datasets.lookup import pick, shown
from ...datasets.view import ImageView
from ...reports.records import EvalProtocol, explain
from .draw import Drawn, draw, protocol_view

FORMAT = "fewbench-episodes"
SCHEMA_VERSION = 1
_HASHED = ("header", "classes", "images")
_INDEX = np.dtype("<u2")
# A few kilobytes of zip can claim to be terabytes. A million 20-way 5-shot episodes have 0.8 GB.
_BYTES_LIMIT = 1 << 30


@dataclass(frozen=True, eq=False)
class EpisodeFile:
    """A file that was read and checked: what it says, and its arrays as the file has them."""

    path: Path
    protocol: EvalProtocol
    data_fingerprint: str
    class_images: Mapping[str, tuple[str, ...]]
    classes: np.ndarray
    images: np.ndarray


def export_episodes(protocol: EvalProtocol, root: Path, path: Path) -> str:
    """Write the protocol's episodes; returns the sha256 of the content. Raises DataError when the
    dataset is not built."""
    arrays = pack(draw(protocol, root))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # pyright: ignore[reportArgumentType] - numpy's stub
    write_bytes(path, buffer.getvalue())
    return arrays["sha256"].tobytes().decode()


def pack(drawn: Drawn) -> dict[str, np.ndarray]:
    """The arrays of the file that holds these episodes."""
    view, episodes = drawn.view, drawn.episodes
    listed = [
        [name, view.class_image_names(c)] for c, name in enumerate(view.class_names)
    ]
    if max(len(listed), *(len(names) for _, names in listed)) > np.iinfo(_INDEX).max:
        raise DataError(
            "an episode file has room for 65,535 classes and images of a class."
        )
    header = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "protocol": asdict(drawn.protocol),  # pyright: ignore[reportArgumentType] - pydantic's
        "data_fingerprint": view.fingerprint,
        "episodes_fingerprint": drawn.fingerprint,
        "classes": listed,
    }
    indices = np.concatenate([episodes.support, episodes.query], axis=2)
    arrays = {
        "header": _as_bytes(json.dumps(header, sort_keys=True)),
        "classes": episodes.classes.astype(_INDEX),
        "images": _places(view)[indices].astype(_INDEX),
    }
    return arrays | {"sha256": _as_bytes(content_sha256(arrays))}


def content_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    """The sha256 that a file with these arrays carries."""
    digest = hashlib.sha256()
    for name in _HASHED:
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def read_episodes(path: Path) -> EpisodeFile:
    """Read and check an episode file.

    Raises DataError when it is missing, damaged, changed, foreign or of a newer fewbench.
    """
    arrays = _read_arrays(path)
    recorded = arrays["sha256"].tobytes().decode("ascii", "replace")
    if recorded != (got := content_sha256(arrays)):
        _refuse(
            path, f"its content was changed: sha256 {got}, not {shown(recorded, 64)}"
        )
    try:
        header = json.loads(arrays["header"].tobytes())
        version = header["schema_version"]
        if header["format"] != FORMAT or not isinstance(version, int):
            _refuse(path, "it is not a list of episodes")
        if version > SCHEMA_VERSION:
            raise DataError(
                f"{path}: written by a newer fewbench (schema {version}, this one reads "
                f"{SCHEMA_VERSION}). Upgrade: pip install --upgrade fewbench"
            )
        protocol = TypeAdapter(EvalProtocol).validate_json(
            json.dumps(header["protocol"])
        )
        listed = {str(key): tuple(map(str, names)) for key, names in header["classes"]}
        data_fingerprint = str(header["data_fingerprint"])
        if len(listed) < len(header["classes"]) or any(
            len(set(names)) < len(names) for names in listed.values()
        ):
            _refuse(path, "it lists a class or an image twice")
    except ValidationError as error:
        _refuse(path, f"its protocol is none ({explain(error)})")
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        _refuse(path, f"its header is not complete ({error!r:.80})")
    _check_arrays(path, protocol, listed, arrays)
    rows = arrays["classes"], arrays["images"]
    return EpisodeFile(path, protocol, data_fingerprint, listed, *rows)


def draw_file(file: EpisodeFile, root: Path, dataset: str | None = None) -> Drawn:
    """The episodes of a file, from the build at hand (of `dataset`, if it shall be another one).

    Images are found by their keys. When the episodes are those that the protocol draws here, they
    stand under its name; otherwise the name says that they come from a list.
    Raises DataError when a key is not in the build.
    """
    protocol = file.protocol
    if dataset and dataset != protocol.dataset:
        pick("dataset", dataset, BUILDERS)
        protocol = replace(
            protocol, dataset=dataset, name=_longer(protocol, f"-on-{dataset}")
        )
    view = protocol_view(protocol, root)
    classes, images = _locate(file, view)
    n_shot = protocol.n_shot
    episodes = EpisodeBatch(classes, images[..., :n_shot], images[..., n_shot:])
    drawn = Drawn(protocol, view, episodes)
    if protocol.sampling == "listed" or drawn.fingerprint == _own_fingerprint(
        protocol, root
    ):
        return drawn
    name = _longer(protocol, "-listed")
    # Nobody knows how a list was made, which the other formulas would have to.
    listed = replace(protocol, sampling="listed", interval="episodes-t", name=name)
    return replace(drawn, protocol=listed)


def _longer(protocol: EvalProtocol, suffix: str) -> str:
    """The protocol's name with a suffix, within the length that names may have."""
    return protocol.name[: 80 - len(suffix)] + suffix


def _own_fingerprint(protocol: EvalProtocol, root: Path) -> str | None:
    try:
        return draw(protocol, root).fingerprint
    except DataError:  # a list may have what the protocol cannot draw here
        return None


def _locate(file: EpisodeFile, view: ImageView) -> tuple[np.ndarray, np.ndarray]:
    """Where the view has the classes and images of the file's episodes, in their shapes: int64"""
    sizes = [len(names) for names in file.class_images.values()]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    listed = starts[file.classes][:, :, None] + file.images
    used = np.zeros(starts[-1], bool)
    used[listed] = True
    class_of, image_of = np.full(len(sizes), -1), np.full(len(used), -1)
    rows = {name: c for c, name in enumerate(view.class_names)}
    for row, (key, names) in enumerate(file.class_images.items()):
        places = np.flatnonzero(used[starts[row] : starts[row + 1]])
        if not len(places):
            continue
        if key not in rows:
            _refuse_build(file, key)
        class_of[row] = c = rows[key]
        images = dict(
            zip(view.class_image_names(c), view.class_images(c).tolist(), strict=True)
        )
        for place in places:
            if names[place] not in images:
                _refuse_build(file, f"{key}/{names[place]}")
            image_of[starts[row] + place] = images[names[place]]
    return class_of[file.classes], image_of[listed]


def _places(view: ImageView) -> np.ndarray:
    """Place of every view image among the images of its class: int64 (n_images,)"""
    places = np.empty(len(view), np.int64)
    for c in range(view.n_classes):
        indices = view.class_images(c)
        places[indices] = np.arange(len(indices))
    return places


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {
                member.filename: member.file_size for member in archive.infolist()
            }
        wanted = {f"{name}.npy" for name in (*_HASHED, "sha256")}
        if members.keys() != wanted:
            _refuse(path, f"it holds {shown(', '.join(sorted(members)))}")
        if sum(members.values()) > _BYTES_LIMIT:
            _refuse(path, "it would unpack to more than a gibibyte")
        with np.load(path, allow_pickle=False) as npz:
            return {name: np.asarray(npz[name]) for name in (*_HASHED, "sha256")}
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file. Write one: fewbench protocol export NAME --out FILE"
        ) from None
    except (
        Exception
    ) as error:  # on damaged bytes, numpy and zipfile raise nearly anything
        _refuse(path, f"it cannot be read ({shown(str(error))})", error)


def _check_arrays(
    path: Path,
    protocol: EvalProtocol,
    listed: Mapping[str, tuple[str, ...]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Refuse arrays that do not fit the protocol, and episodes that repeat a class or image."""
    shape = (protocol.n_episodes, protocol.n_way)
    shapes = {"classes": shape, "images": (*shape, protocol.n_shot + protocol.n_query)}
    for name, expected in shapes.items():
        array = arrays[name]
        if array.dtype != _INDEX or array.shape != expected:
            _refuse(
                path, f"{name} is {array.dtype} {array.shape}, not uint16 {expected}"
            )
    classes, images = arrays["classes"], arrays["images"]
    sizes = np.array([len(names) for names in listed.values()])
    if int(classes.max()) >= len(sizes) or (images >= sizes[classes][:, :, None]).any():
        _refuse(path, "it names a class or image that it does not list")
    for array in (classes, images):
        ordered = np.sort(array, axis=-1)
        if (ordered[..., 1:] == ordered[..., :-1]).any():
            _refuse(path, "an episode has a class or an image twice")


def _as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def _refuse_build(file: EpisodeFile, key: str) -> NoReturn:
    dataset = file.protocol.dataset
    raise DataError(
        f"{file.path}: is of another build of {dataset}: the one at hand has no '{shown(key)}'. "
        f"See how it was made (fewbench data info {dataset}), choose another one (--dataset NAME), "
        f"or export the episodes again."
    )


def _refuse(path: Path, what: str, cause: Exception | None = None) -> NoReturn:
    raise DataError(
        f"{path}: not an episode file as it was written: {what}. Fetch it again, or write it "
        f"anew: fewbench protocol export NAME --out FILE"
    ) from cause

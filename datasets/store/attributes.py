"""Write and read the attributes of a split file, among them the hashes of its content.

Attributes that are known only when all images were read get their space in advance, so
that the file does not grow when they are filled in.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fewbench.documents import UPGRADE

from ..info import DataError
from .advice import build_again
from .digests import ContentDigest
from .hdf5 import refuse_heap

FORMAT = "fewbench-split"
SCHEMA_VERSION = 1
# Room for attributes that are known only when all images were read: name -> bytes.
_ROOM = {"resampling": 200, "made_from": 1000, "jpeg": 200, "spectrum": 20}
_PLAIN_NAME = re.compile(r"[\w@.][\w@./-]{0,199}")
_PIXELS_HASH = "pixels_sha256"
_CONTENT_HASH = "content_sha256"
_REQUIRED = {
    "schema_version",
    "dataset",
    "split",
    "partial",
    "resampling",
    "polarity",
}
_TYPES: dict[str, type] = {
    "schema_version": int,
    "dataset": str,
    "split": str,
    "partial": int,  # a bool is an int
    "resampling": str,
    "polarity": str,
    _PIXELS_HASH: str,
    _CONTENT_HASH: str,
}


def write_attributes(file: h5py.File, attributes: Mapping[str, Any]) -> None:
    """Write attributes into a new split file, with its format and schema version.

    Those that `fill_attributes` may change get the space for it.
    """
    head = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        **attributes,
    }
    for key, value in head.items():
        if isinstance(value, str):
            # Bytes have a fixed length. HDF5 keeps text of varying length in a heap.
            text = value.encode()
            file.attrs[key] = np.bytes_(text)
        else:
            file.attrs[key] = value
    for name, n_bytes in _ROOM.items():
        text = str(head.get(name, "")).encode()
        file.attrs.create(name, text, dtype=f"S{n_bytes}")


def make_room_for_hashes(file: h5py.File) -> None:
    """Create the attributes for the hashes of the content. They are empty at first."""
    for name in (_PIXELS_HASH, _CONTENT_HASH):
        file.attrs.create(name, b"", dtype="S64")


def fill_attributes(
    file: h5py.File,
    content: ContentDigest,
    attributes: Mapping[str, str],
) -> None:
    """Write the hashes of the content, and attributes that are known only now.

    attributes: "resampling", "made_from", "jpeg" and "spectrum", or some of them
    """
    texts = {
        **attributes,
        _PIXELS_HASH: content.pixels(),
        _CONTENT_HASH: content.hexdigest(),
    }
    for name, text in texts.items():
        value = np.bytes_(text.encode())
        if _has_room(file, name, value):
            file.attrs.modify(name, value)
        else:
            # An earlier version laid out the file.
            file.attrs.create(name, value)


def _has_room(file: h5py.File, name: str, value: np.bytes_) -> bool:
    if name not in file.attrs:
        return False
    return file.attrs.get_id(name).dtype.itemsize >= len(value)


def read_attributes(path: Path, file: h5py.File) -> dict[str, Any]:
    """Read the HDF5 attributes of a finished split file.

    Raises DataError if the file is unfinished, not a split file, or has a newer schema.
    """
    attributes: dict[str, Any] = {}
    for key in file.attrs:
        refuse_heap(path, key, file.attrs.get_id(key).dtype)
        value = file.attrs[key]
        attributes[key] = _plain(value)
    is_split_file = (
        attributes.get("format") == FORMAT
        # Empty until the file is sealed.
        and attributes.get(_PIXELS_HASH)
        and attributes.get(_CONTENT_HASH)
        and attributes.keys() >= _REQUIRED
        and _has_good_types(attributes)
        # It becomes a word of advised commands.
        and _PLAIN_NAME.fullmatch(attributes["dataset"])
    )
    if not is_split_file:
        raise DataError(
            f"{path}: not a finished {FORMAT} file: expected all attributes and "
            f"hashes, got a file without some of them. {build_again(path)}"
        )
    schema = attributes["schema_version"]
    if schema > SCHEMA_VERSION:
        raise DataError(
            f"{path}: written by a newer fewbench: expected schema version "
            f"{SCHEMA_VERSION} or older, got {schema}. {UPGRADE}"
        )
    return attributes


def recorded_pixels(attributes: Mapping[str, Any]) -> str:
    """Return what a split file records about its pixels, in words; "" if nothing.

    For example: "smooth; JPEG: quality 95, 4:2:0".
    """
    said = []
    spectrum = attributes.get("spectrum")
    if spectrum == "cannot tell":
        said.append("smooth or aliased: cannot tell")
    elif spectrum:
        said.append(spectrum)
    if attributes.get("jpeg"):
        said.append(f"JPEG: {attributes['jpeg']}")
    return "; ".join(said)


def _plain(value: Any) -> Any:
    """Return an attribute as text, a number or a list. Text is stored as bytes."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _has_good_types(attributes: Mapping[str, Any]) -> bool:
    for key, value in attributes.items():
        kind = _TYPES.get(key, object)
        if not isinstance(value, kind):
            return False
    return True

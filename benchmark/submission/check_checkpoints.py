"""Check the checkpoints in a bundle, without torch: their format and their private paths."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fewbench.documents import DocumentError, parse_json

from .contents import is_checkpoint
from .findings import Finding, error
from .privacy import private_texts

_LENGTH_BYTES = 8  # of the number at the start, which is the length of the header
_LONGEST_HEADER = 1 << 20
_OTHER_FORMAT = "Enclose a safetensors file, or give its address in the card"
_WITHOUT_PATHS = (
    "Leave out --checkpoints and give its address in the card, or save the checkpoint again "
    "without the path"
)


def check_checkpoints(folder: Path, names: list[str]) -> Iterator[Finding]:
    """Check each checkpoint of a bundle.

    folder: where the bundle is unpacked
    names: the names of the files in the bundle
    """
    for name in filter(is_checkpoint, names):
        try:
            header = read_header(folder / name)
        except DocumentError as damage:
            what = f"it is no safetensors file: {damage}"
            yield error("checkpoint", name, what, _OTHER_FORMAT)
            continue
        for where, path in private_texts(_opened(header)):
            what = f"it tells a path of your machine: {path}"
            yield error("private", f"{name}: {where}", what, _WITHOUT_PATHS)


def read_header(path: Path) -> dict[str, Any]:
    """Read the header of a safetensors file: its metadata, and where each tensor lies.

    Source: https://huggingface.co/docs/safetensors, "Format"
    Raises DocumentError if the file has another format, or a header of more than 1 MiB.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        longest = max(0, min(_LONGEST_HEADER, size - _LENGTH_BYTES))
        if length > longest:
            raise DocumentError(
                f"expected a header of at most {longest:,} bytes, got {length:,}"
            )
        header = parse_json(file.read(length))
    if not isinstance(header, dict):
        raise DocumentError("expected a JSON object as its header")
    expected = _LENGTH_BYTES + length + _end_of_tensors(header)
    if size != expected:
        raise DocumentError(f"expected {expected:,} bytes, got {size:,}")
    return header


def _end_of_tensors(header: dict[str, Any]) -> int:
    """Return where the last tensor ends, in bytes after the header."""
    ends = [0]
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        try:
            _, end = tensor["data_offsets"]
            ends.append(int(end))
        except (LookupError, TypeError, ValueError):
            raise DocumentError("expected the place of each tensor") from None
    return max(ends)


def _opened(header: dict[str, Any]) -> dict[str, Any]:
    """Return a header whose metadata are parsed where they are JSON themselves.

    In a JSON text, a path may be written in another way, such as with two backslashes.
    """
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict):
        return header
    opened = {key: _parsed(value) for key, value in metadata.items()}
    return header | {"__metadata__": opened}


def _parsed(value: object) -> object:
    try:
        return parse_json(value.encode()) if isinstance(value, str) else value
    except DocumentError:
        return value

"""Change the files of a saved result, and hash it again, as a forger would."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fewbench.reports.result_document import canonical_sha256, document_sha256


def forge(
    path: Path,
    change: Callable[[dict[str, Any]], object] | None = None,
    **arrays: np.ndarray,
) -> None:
    """Change the content of the document `path` and some arrays; hash all of it again."""
    document = json.loads(path.read_text())
    content = document["content"]
    if change:
        change(content)
    with np.load(path.with_suffix(".npz")) as file:
        saved = dict(file) | arrays
    np.savez_compressed(path.with_suffix(".npz"), **saved)  # pyright: ignore[reportArgumentType]
    for name, array in arrays.items():
        sha256 = hashlib.sha256(array.tobytes()).hexdigest()
        content["classification"]["arrays_sha256"][name] = sha256
    document["content_sha256"] = canonical_sha256(content)
    document["document_sha256"] = document_sha256(document)
    path.write_text(json.dumps(document))


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text in a file, wherever it stands."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def cut(path: Path, share: float) -> None:
    """Keep only the first part of a file."""
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

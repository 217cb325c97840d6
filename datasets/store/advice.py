"""Name the command to type when a file of a built dataset is damaged."""

import shlex
from pathlib import Path

from fewbench.documents import DocumentError, parse_json, read_bytes

# The key of a manifest with the facts about a dataset that a user added.
ADDED = "added"
_MOST_BYTES = 1 << 18  # far more than a manifest has


def build_again(path: Path) -> str:
    """Return a sentence with the command that rebuilds the dataset to which a file belongs.

    path: the split file or manifest.json; its folder is named after the dataset
    """
    folder = path.absolute().parent
    dataset = shlex.quote(folder.name.removesuffix(".partial"))
    if _is_added(folder):
        return f"Add it again: fewbench data add {dataset} FOLDER --rebuild"
    return f"Build it again: fewbench data build {dataset} --rebuild"


def _is_added(folder: Path) -> bool:
    """Whether a user added the dataset in a folder, as far as its manifest tells."""
    try:
        manifest = parse_json(read_bytes(folder / "manifest.json", _MOST_BYTES))
    except (OSError, DocumentError):
        return False
    return isinstance(manifest, dict) and ADDED in manifest

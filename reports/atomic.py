"""Files appear whole or not at all."""

import os
from pathlib import Path


def write_bytes(path: Path, data: bytes) -> Path:
    """Write `data` beside `path` as `<name>.partial`, then rename it: a killed run leaves no half
    file under the final name. Raises OSError (disk full, read-only) and then removes the rest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return path


def write_text(path: Path, text: str) -> Path:
    """The same for text: UTF-8 and "\\n" on every platform."""
    return write_bytes(path, text.encode())

"""Write the arrays of an episode file as if fewbench had written them: with their sha256."""

import json
from pathlib import Path

import numpy as np

from fewbench.benchmark.protocols.episode_files import content_sha256

Arrays = dict[str, np.ndarray]


def read_arrays(path: Path) -> tuple[Arrays, dict]:
    """The arrays of an episode file, and its header."""
    with np.load(path) as file:
        arrays = dict(file)
    return arrays, json.loads(arrays["header"].tobytes())


def write_arrays(path: Path, arrays: Arrays, header: object = None) -> Path:
    """Write changed arrays, and a changed header if there is one, with a sha256 that fits."""
    if header is not None:
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    arrays["sha256"] = np.frombuffer(content_sha256(arrays).encode(), np.uint8)
    np.savez_compressed(path, **arrays)  # pyright: ignore[reportArgumentType]
    return path

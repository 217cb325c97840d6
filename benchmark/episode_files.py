"""Episode files: the exact images of every episode, readable with numpy alone."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..datasets.episodes import episodes_fingerprint, sample_episodes
from ..reports.records import EvalProtocol
from .evaluate import protocol_spec, protocol_view

FORMAT = "fewbench-episodes"
SCHEMA_VERSION = 1


def export_episodes(protocol: EvalProtocol, root: Path, path: Path) -> str:
    """Write the protocol's episodes as an .npz; returns the sha256 of the file.

    header: str, JSON: protocol, fingerprints
    image_keys, class_keys: str arrays; the others hold positions in them
    classes: uint (n_episodes, n_way), support: uint (n_episodes, n_way, n_shot),
    query: uint (n_episodes, n_way, n_query); position w has label w
    """
    view = protocol_view(protocol, root)
    spec = protocol_spec(protocol)
    episodes = sample_episodes(view.class_offsets, spec, protocol.seed, 0, protocol.n_episodes)
    header = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "protocol": asdict(protocol),  # pyright: ignore[reportArgumentType] - a pydantic dataclass
        "data_fingerprint": view.fingerprint,
        "episodes_fingerprint": episodes_fingerprint(episodes, spec),
    }
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(
                file,
                header=np.array(json.dumps(header, sort_keys=True)),
                image_keys=np.array(view.image_keys),
                class_keys=np.array(view.class_names),
                classes=_compact(episodes.classes),
                support=_compact(episodes.support),
                query=_compact(episodes.query),
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _compact(indices: np.ndarray) -> np.ndarray:
    return indices.astype(np.min_scalar_type(int(indices.max())))

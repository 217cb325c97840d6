"""An episode file of 60 episodes, and the build that it was made from."""

from pathlib import Path

import pytest

from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.episode_files import export_episodes
from fewbench.reports.protocol import EvalProtocol


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("glyphs")


@pytest.fixture(scope="module")
def protocol() -> EvalProtocol:
    return find_protocol("glyphs-5w1s", n_episodes=60)


@pytest.fixture(scope="module")
def exported(root: Path, protocol: EvalProtocol) -> Path:
    path = root / "episodes.npz"
    export_episodes(protocol, root, path)
    return path

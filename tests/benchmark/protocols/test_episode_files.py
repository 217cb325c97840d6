"""What an episode file holds, and that it is written whole or not at all."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.drawing import protocol_spec
from fewbench.benchmark.protocols.episode_files import export_episodes, pack
from fewbench.benchmark.protocols.episode_images import stream_of_file
from fewbench.benchmark.protocols.episode_reader import read_episodes
from fewbench.benchmark.protocols.listing import PROTOCOLS
from fewbench.benchmark.protocols.stream import (
    EpisodeStream,
    open_stream,
)
from fewbench.datasets.info import DataError
from fewbench.reports.groups import result_groups
from fewbench.reports.protocol import EvalProtocol
from fewbench_tests.fake_splits import fake_view
from fewbench_tests.paths import REPOSITORY


@pytest.mark.parametrize(
    "changes", [{}, {"task_rotations": True}, {"rotations": True}, {"disjoint": True}]
)
def test_a_file_is_read_back_to_identical_results(
    root: Path, protocol: EvalProtocol, tmp_path: Path, changes: dict[str, bool]
) -> None:
    if "disjoint" in changes:
        protocol = find_protocol("glyphs-5w1s", disjoint=True)
    else:
        protocol = replace(protocol, **changes)
    sha256 = export_episodes(protocol, root, tmp_path / "a.npz")
    assert export_episodes(protocol, root, tmp_path / "b.npz") == sha256
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()

    drawn, listed = (
        evaluate(Centroid(), one, root=root) for one in (protocol, tmp_path / "a.npz")
    )
    np.testing.assert_array_equal(drawn.predictions, listed.predictions)
    assert drawn.protocol == listed.protocol
    assert drawn.episodes_fingerprint == listed.episodes_fingerprint
    assert len(result_groups([drawn, listed])) == 1  # one column


def test_the_header_holds_the_card_and_both_fingerprints(
    exported: Path, root: Path, protocol: EvalProtocol
) -> None:
    with np.load(exported) as file:
        header = json.loads(file["header"].tobytes())
    drawn = open_stream(protocol, root)
    assert header["protocol"] == asdict(protocol)
    assert header["episodes_fingerprint"] == drawn.fingerprint
    assert header["data_fingerprint"] == drawn.view.fingerprint
    assert protocol_spec(protocol).images_per_class == 16


def test_the_documented_script_reads_a_file_without_fewbench(
    exported: Path, tmp_path: Path
) -> None:
    page = REPOSITORY / "docs" / "protocols.md"
    text = page.read_text(encoding="utf-8")
    (script,) = re.findall(r"```py\n(.*?)```", text, re.DOTALL)
    assert len(script.splitlines()) <= 15
    assert "fewbench" not in script
    command = [sys.executable, "-c", script, str(exported)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    drawn = stream_of_file(read_episodes(exported), exported.parent)
    keys = [
        f"{label} {drawn.view.image_keys[index]}"
        for label in range(5)
        for index in [
            *drawn.episodes.support[0, label],
            *drawn.episodes.query[0, label],
        ]
    ]
    assert printed.splitlines() == keys

    with np.load(exported) as file:
        arrays = dict(file)
    arrays["classes"] = arrays["classes"][::-1]
    np.savez(tmp_path / "changed.npz", **arrays)
    command[-1] = str(tmp_path / "changed.npz")
    refused = subprocess.run(command, capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the file was changed" in refused.stderr


# Name -> how many episodes are written.
LARGEST = {
    "omniglot-20w5s": 1000,
    "miniimagenet-20w5s": 1000,
    "tieredimagenet-20w5s": 10_000,
}


SIZES = {
    "omniglot": [20] * 423,
    "miniimagenet": [600] * 20,
    "tieredimagenet": [1289] * 160,
}


@pytest.mark.parametrize(("name", "n_episodes"), [*LARGEST.items()])
def test_ten_thousand_episodes_stay_below_ten_megabytes(
    name: str, n_episodes: int
) -> None:
    """A tenth of them below a tenth will do where that is not near."""
    protocol = replace(PROTOCOLS[name], n_episodes=n_episodes)
    view = fake_view(SIZES[protocol.dataset], rotations=protocol.rotations)
    drawn = EpisodeStream(protocol, view)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **pack(drawn))  # pyright: ignore[reportArgumentType]
    assert len(buffer.getvalue()) < 1000 * n_episodes


def test_a_killed_export_leaves_no_file(
    root: Path, protocol: EvalProtocol, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        export_episodes(protocol, root, tmp_path / "e.npz")
    assert list(tmp_path.iterdir()) == []


def test_more_classes_than_the_format_counts_are_refused() -> None:
    view = fake_view([2] * 65_536)
    protocol = replace(PROTOCOLS["glyphs-5w1s"], n_query=1)
    drawn = EpisodeStream(replace(protocol, n_episodes=2), view)
    with pytest.raises(DataError, match="at most 65,535 classes .*got 65,536 classes"):
        pack(drawn)

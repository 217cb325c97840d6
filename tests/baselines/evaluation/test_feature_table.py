"""Features in memory and in a temporary file are the same, and so are answers from them."""

import resource
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench import space
from fewbench.baselines.evaluation import feature_table
from fewbench.baselines.evaluation.examiner import Examiner
from fewbench.baselines.evaluation.feature_rows import (
    FeaturePath,
    FeatureRows,
    save_features,
)
from fewbench.baselines.evaluation.feature_table import (
    TableInMemory,
    TableOnDisk,
    new_table,
)
from fewbench.baselines.evaluation.features import Features
from fewbench.baselines.evaluation.stored_features import StoredFeatures
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes
from fewbench.datasets.store import mapped_rows
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.progress import no_progress


@pytest.fixture
def nothing_fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of temporary files, where all features and images are too large."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(feature_table, "_MOST_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr(mapped_rows, "_LARGE_BYTES", 0)
    return folder


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([SplitStore(bars["test"].path)])


@pytest.mark.parametrize(
    "dtype",
    [torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64],
)
def test_no_bit_is_changed_on_disk(nothing_fits: Path, dtype: torch.dtype) -> None:
    features = torch.arange(60).reshape(12, 5).to(dtype) / 3
    features = features.to(dtype)
    tables = [TableInMemory(12, features), new_table(12, features)]
    assert isinstance(tables[1], TableOnDisk)
    rows = np.array([[11, 0], [4, 4]])
    for table in tables:
        table.write(8, features[8:])
        table.write(0, features[:8])
        assert table.width == 5
        found = table.at(rows)
        assert found.dtype == dtype
        assert found.equal(features[torch.from_numpy(rows)])


def test_features_of_other_shapes_in_memory_are_written_as_they_are(
    nothing_fits: Path,
) -> None:
    turned = torch.arange(60.0).reshape(5, 12).T
    table = new_table(12, turned)
    table.write(0, turned)
    assert table.at(np.arange(12)).equal(turned)


def test_a_full_disk_is_said_before_the_work(
    nothing_fits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        BaselineError, match=r"GB for a temporary file.*No space left.*TMPDIR="
    ):
        new_table(10**12, torch.zeros(1, 10**6))
    assert not list(nothing_fits.iterdir())


def test_without_tmpdir_the_file_lies_where_large_files_belong(
    nothing_fits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_large = tmp_path / "large"
    monkeypatch.setattr(space, "_LARGE_FILES", for_large)
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", str(nothing_fits))
    advice = r"temporary file in .*/{}, got.*TMPDIR="
    with pytest.raises(BaselineError, match=advice.format("temporary")):
        new_table(10**12, torch.zeros(1, 10**6))
    for_large.mkdir()
    with pytest.raises(BaselineError, match=advice.format("large")):
        new_table(10**12, torch.zeros(1, 10**6))


def test_a_disk_that_fills_up_is_named_too(nothing_fits: Path) -> None:
    table = new_table(4, torch.zeros(1, 1000))
    assert isinstance(table, TableOnDisk)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(BaselineError, match=r"File too large.*TMPDIR="):
            table.write(2, torch.ones(2, 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_answers_from_the_disk_are_those_from_the_memory(
    view: ImageView,
    bars: dict[str, SplitStore],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    episodes = sample_episodes(view.class_offsets, EpisodeSpec(3, 2, 4), 7, 0, 30)
    expected = Examiner(Centroid(), view, 7).answer(episodes)
    everything = np.arange(len(view))
    features = Features(Centroid(), view)
    table = features.table(everything, no_progress)
    stored = save_features(tmp_path / "a.npy", [table.at(everything)])

    folder = request.getfixturevalue("nothing_fits")
    large_view = ImageView([SplitStore(bars["test"].path)])
    on_disk = Features(Centroid(), large_view)
    rows = FeatureRows.opened([FeaturePath(stored)])
    for features in (on_disk, StoredFeatures(Centroid(), large_view, rows)):
        examiner = Examiner(features.learner, large_view, 7, features=features)
        answers = examiner.answer(episodes)
        assert not isinstance(
            features.table(everything[:1], no_progress), TableInMemory
        )
        assert answers.predictions.tobytes() == expected.predictions.tobytes()
        assert answers.first_scores is not None
        assert expected.first_scores is not None
        assert answers.first_scores.tobytes() == expected.first_scores.tobytes()
    # The file has no name, so a process that is killed leaves nothing behind.
    assert not list(folder.iterdir())

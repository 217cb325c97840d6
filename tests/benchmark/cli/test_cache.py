"""cache list and cache clear."""

import json
import os
from pathlib import Path

import pytest

from fewbench.benchmark.feature_cache import MARK, FeatureCache


@pytest.fixture
def entry(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An entry of the cache."""
    monkeypatch.setenv("FEWBENCH_CACHE", str(tmp_path / "cache"))
    done = run("embed", "centroid", "--dataset", "glyphs", "--split", "val", "--json")
    return Path(json.loads(done.stdout)["folder"])


def test_entries_are_listed(run, entry: Path) -> None:
    text = run("cache", "list").stdout
    assert entry.name[:12] in text
    assert "centroid  glyphs val" in text
    assert "of at most 20 GB in" in text
    document = json.loads(run("cache", "list", "--json").stdout)
    (one,) = document["entries"]
    assert (one["learner"], one["n_images"], one["complete"]) == (
        "centroid",
        1120,
        True,
    )
    assert one["bytes"] == document["bytes"] > 1120 * 784
    assert not one["in_use"]
    (entry / "features.json").unlink()
    assert "not finished" in run("cache", "list").stdout


def test_entries_are_removed_by_id_age_or_all_at_once(run, entry: Path) -> None:
    assert "expected what to remove" in run("cache", "clear", code=2).stderr
    wrong = run("cache", "clear", "zz", code=2).stderr
    assert "expected the start of one id, got that of 0" in wrong
    assert "freed 0 bytes" in run("cache", "clear", "--older-than", "1").stdout
    assert entry.exists()
    day_before = (entry / MARK).stat().st_mtime - 2 * 86400
    os.utime(entry / MARK, (day_before, day_before))
    with FeatureCache.of_user().using(entry):
        kept = run("cache", "clear", "--all").stdout
        assert f"kept {entry.name[:12]}, which is in use" in kept
    assert entry.exists()
    os.utime(entry / MARK, (day_before, day_before))
    done = json.loads(run("cache", "clear", "--older-than", "1", "--json").stdout)
    assert done["removed"] == [entry.name]
    assert not entry.exists()
    assert "the cache is empty" in run("cache", "list").stdout


def test_the_start_of_an_id_is_enough(run, entry: Path) -> None:
    assert f"removed {entry.name[:12]}" in run("cache", "clear", entry.name[:6]).stdout
    assert not entry.exists()

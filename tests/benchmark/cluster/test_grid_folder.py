"""What the folder of a grid records, and what another grid in it changes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.benchmark.cluster.grid_file import GridError
from fewbench.benchmark.cluster.grid_folder import (
    GridRecord,
    find_record,
    keep_record,
    read_record,
)
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench_tests.small_grids import SMALL, done_here, opened


def record_of(grid: OpenGrid) -> GridRecord:
    record = read_record(grid.plan.place.folder)
    assert record is not None
    return record


def test_a_record_comes_back(small_grid: OpenGrid) -> None:
    record = record_of(small_grid)
    cut = replace(record.cut, episodes=256, images=512)
    assert record == replace(GridRecord.of(small_grid.plan, small_grid.conditions, cut))
    assert set(record.results) == {
        "glyphs-5w1s-300ep__protonet__seed0",
        "glyphs-5w5s-300ep__protonet__seed0",
    }
    copy = small_grid.plan.place.folder / "grid.toml"
    assert copy.read_text() == SMALL


def test_another_grid_keeps_what_it_shares_and_puts_the_rest_away(
    tmp_path: Path, glyphs_root: Path
) -> None:
    grid = opened(tmp_path, glyphs_root)
    done_here(grid)
    folder = grid.plan.place.folder
    assert opened(tmp_path, glyphs_root).remarks == []
    other = SMALL.replace('"glyphs-5w1s", ', "").replace(
        "[[part]]", "seeds = 2\n[[part]]"
    )
    changed = opened(tmp_path, glyphs_root, other)
    assert changed.remarks == [
        "this grid differs from the one before in this folder: 1 result as before, 1 "
        "result new, 1 result no longer asked for. What was trained and computed is kept",
        f"moved 1 result to {folder / 'earlier-results'}",
    ]
    names = sorted(path.stem for path in (folder / "results").glob("*.json"))
    assert names == ["glyphs-5w5s-300ep__protonet__seed0"]
    assert len(list((folder / "earlier-results").iterdir())) == 2
    summary = done_here(changed)
    assert summary.done["training"] == 1
    # What is asked for again comes back without any training.
    again = opened(tmp_path, glyphs_root)
    summary = done_here(again)
    assert summary.done["training"] == summary.done["answers"] == 0
    names = sorted(path.stem for path in (folder / "results").glob("*.json"))
    assert names == sorted(record_of(again).results)


def test_a_changed_setting_does_not_keep_the_result_of_the_other(
    tmp_path: Path, glyphs_root: Path
) -> None:
    def hashes(text: str) -> dict[str, object]:
        grid = opened(tmp_path, glyphs_root, text)
        done_here(grid)
        files = sorted((grid.plan.place.folder / "results").glob("*.json"))
        return {path.name: json.loads(path.read_text())["content"] for path in files}

    first = hashes(SMALL)
    other = hashes(SMALL.replace("width = 4", "width = 5"))
    assert first.keys() == other.keys()
    assert first != other
    assert hashes(SMALL) == first
    # Each change put two results away, and the second none of the first.
    away = [path.name for path in tmp_path.rglob("earlier-results/*.json")]
    assert len(away) == 4


def test_other_images_are_refused(small_grid: OpenGrid, tmp_path: Path) -> None:
    record = record_of(small_grid)
    keep_record(tmp_path, record, b"first")
    data = {**record.data, "glyphs test": "0" * 64}
    with pytest.raises(GridError, match="the images of glyphs test have changed"):
        keep_record(tmp_path, replace(record, data=data), b"second")
    assert (tmp_path / "grid.toml").read_bytes() == b"first"


def test_damage_and_absence_are_said(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    with pytest.raises(GridError, match="expected the folder of a grid"):
        find_record(tmp_path)
    (tmp_path / "grid.json").write_text('{"schema_version": 1')
    with pytest.raises(GridError, match="grid.json: cannot be read as the record"):
        find_record(tmp_path)


def test_a_file_is_no_folder_of_a_grid(tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    path.touch()
    with pytest.raises(GridError, match="expected a folder, got a file"):
        read_record(path)

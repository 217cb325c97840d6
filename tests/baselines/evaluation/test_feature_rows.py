"""The files of stored features."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.evaluation.feature_rows import (
    FeaturePath,
    FeatureRows,
    save_features,
)
from fewbench.baselines.learner import BaselineError
from fewbench.datasets.store import mapped_rows


def test_bytes_depend_on_the_values_alone(tmp_path: Path) -> None:
    values = torch.arange(12.0).reshape(4, 3)
    one = save_features(tmp_path / "one.npy", [values])
    two = save_features(tmp_path / "two.npy", [values[:1], values[1:].clone()])
    assert one.read_bytes() == two.read_bytes()
    half = save_features(tmp_path / "half.npy", [values.bfloat16()])
    assert half.read_bytes() == one.read_bytes()


@pytest.mark.parametrize("damage", ["cut", "text", "pickle", "shape", "header"])
def test_damaged_files_are_refused_on_one_line(tmp_path: Path, damage: str) -> None:
    path = save_features(tmp_path / "one.npy", [torch.ones(40, 3)])
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[:-1])
    elif damage == "text":
        path.write_text("no features")
    elif damage == "pickle":
        np.save(path, np.array([{}], object), allow_pickle=True)
    elif damage == "shape":
        np.save(path, np.ones(3, np.float32))
    else:
        path.write_bytes(content.replace(b"'descr'", b"'\xff()[['"))
    with pytest.raises(BaselineError, match="one.npy: cannot read the features") as no:
        FeatureRows.opened([FeaturePath(path)])
    assert "\n" not in str(no.value)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    paths = []
    for width in (3, 4):
        values = torch.ones(40, width)
        path = save_features(tmp_path / f"{width}.npy", [values])
        paths.append(FeaturePath(path))
    with pytest.raises(BaselineError, match=r"4.npy: expected 3 features .* got 4"):
        FeatureRows.opened(paths)


@pytest.mark.parametrize("change", ["written", "replaced", "removed"])
def test_a_file_that_changes_after_it_was_named_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    # Rows of large files are read from the file, which is opened again each time.
    monkeypatch.setattr(mapped_rows, "_LARGE_BYTES", 0)
    file = save_features(tmp_path / "one.npy", [torch.ones(40, 3)])
    rows = FeatureRows.opened([FeaturePath(file)])
    rows.refuse_changes()
    assert rows.at(np.arange(2)).sum() == 6
    if change == "removed":
        file.unlink()
    elif change == "replaced":
        other = save_features(tmp_path / "two.npy", [torch.zeros(40, 3)])
        other.rename(file)
    else:
        save_features(file, [torch.zeros(40, 3)])
        os.utime(file, ns=(0, 0))
    with pytest.raises(BaselineError, match=r"one.npy: .* got one that changed"):
        rows.refuse_changes()
    with pytest.raises(BaselineError, match=r"one.npy: .* got one that changed"):
        rows.at(np.arange(2))

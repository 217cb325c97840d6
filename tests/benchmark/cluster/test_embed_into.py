"""Embedding into a folder: only what is missing, and always the same bytes."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.baselines.evaluation.embed_again import EmbeddedAgain, embed_again
from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.cluster import embed_into
from fewbench.benchmark.cluster.conditions import OtherConditions
from fewbench.benchmark.cluster.in_process import InProcess
from fewbench.benchmark.feature_file import NAME, read_feature_file
from fewbench.benchmark.models import Loading
from fewbench.benchmark.stored_model import load_stored
from fewbench.errors import UserError
from fewbench.files import write_json
from fewbench_tests.stored import embed_here, work_of


def files_in(folder: Path) -> dict[str, bytes]:
    """All files but the log, which has times in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "log"
    }


def test_two_folders_get_the_same_bytes(
    module: str, glyphs_root: Path, tmp_path: Path
) -> None:
    what = f"{module}:encoder"
    file = embed_here(tmp_path / "one", glyphs_root, what, images_per_task=300)
    embed_here(tmp_path / "two", glyphs_root, what, images_per_task=300)
    assert files_in(tmp_path / "one") == files_in(tmp_path / "two")
    assert len(file.parts) == 3
    assert file.checks.order
    assert file.checks.determinism
    assert file.checks.distinct


def test_only_what_is_missing_is_embedded_again(
    glyphs_root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    embed_here(folder, glyphs_root, images_per_task=300)
    expected = files_in(folder)
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}
    work = work_of(folder, glyphs_root, images_per_task=300)
    assert work.existing() is not None
    # Another cut of the tasks makes the same features.
    assert work_of(folder, glyphs_root).existing() is not None
    lost = min(times)
    lost.unlink()
    assert work.existing() is None
    work.do(InProcess(work.place))
    assert files_in(folder) == expected
    again = {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}
    changed = [path for path in times if again[path] != times[path]]
    assert changed == [lost]


def test_a_folder_with_other_features_is_refused(
    module: str, glyphs_root: Path, tmp_path: Path
) -> None:
    embed_here(tmp_path / "one", glyphs_root)
    work = work_of(tmp_path / "one", glyphs_root, f"{module}:encoder")
    with pytest.raises(UserError, match="holds other features.*centroid on glyphs val"):
        work.existing()


def test_a_failed_task_says_why_and_keeps_the_rest(
    module: str, glyphs_root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    work = work_of(folder, glyphs_root, f"{module}:encoder", images_per_task=300)
    (tmp_path / f"{module}.py").write_text("")
    import sys

    del sys.modules[module]
    with pytest.raises(UserError, match=r"failed 3 times: .*has no function encoder"):
        work.do(InProcess(work.place))
    assert not (folder / NAME).exists()


def test_a_full_disk_is_found_before_the_work(
    glyphs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, needed: int) -> None:
        assert needed == 1120 * 784
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    monkeypatch.setattr(embed_into, "require_space", refuse)
    work = work_of(tmp_path / "one", glyphs_root)
    with pytest.raises(OSError, match="No space left"):
        work.do(InProcess(work.place))
    assert not list((tmp_path / "one").rglob("*.npy"))


def test_the_command_for_the_next_step_reads_the_folder(
    glyphs_root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "with space"
    embed_here(folder, glyphs_root)
    command = embed_into.evaluate_command(folder)
    assert f"'features:{folder}'" in command
    assert read_feature_file(folder).card.name == "centroid"
    assert load_stored(f"features:{folder}", Loading(device="cpu")).card.name == (
        "centroid"
    )


def test_a_folder_that_another_machine_began_is_refused(
    tmp_path: Path, glyphs_root: Path, module: str
) -> None:
    work = work_of(tmp_path / "one", glyphs_root, f"{module}:encoder")
    began = replace(work.embedding.conditions, processor="another")
    (tmp_path / "one").mkdir()
    write_json(tmp_path / "one" / "conditions.json", began.document())
    with pytest.raises(OtherConditions, match="instead of another"):
        work.do(InProcess(work.place))


@pytest.mark.parametrize("damage", ['{"a":', '{"a": 1}'])
def test_a_damaged_record_of_the_machine_says_what_to_delete(
    tmp_path: Path, glyphs_root: Path, module: str, damage: str
) -> None:
    work = work_of(tmp_path / "one", glyphs_root, f"{module}:encoder")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "conditions.json").write_text(damage)
    with pytest.raises(UserError, match="Delete this file alone: rm .*conditions.json"):
        work.do(InProcess(work.place))


def test_features_that_change_after_they_were_compared_are_not_sealed(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "one"
    work = work_of(folder, glyphs_root)

    def compare_early(*arguments: Any) -> EmbeddedAgain:
        found = embed_again(*arguments)
        (path,) = folder.rglob("*.npy")
        invert(path)
        return found

    monkeypatch.setattr(embed_into, "embed_again", compare_early)
    with pytest.raises(BaselineError, match=r"npy: cannot trust the stored features"):
        work.do(InProcess(work.place))
    assert not (folder / NAME).exists()


def invert(path: Path) -> None:
    """Change the sign of all features in a file."""
    np.save(path, -np.load(path))


@pytest.mark.parametrize("name", ["features", "attempts", "locks", "log"])
def test_a_file_in_the_place_of_a_folder_is_named_before_the_work(
    tmp_path: Path, glyphs_root: Path, name: str
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / name).write_text("of somebody else")
    work = work_of(folder, glyphs_root)
    with pytest.raises(UserError, match=f"/{name}: expected a folder .* Move it away"):
        work.do(InProcess(work.place))
    (folder / name).unlink()
    work.do(InProcess(work.place))


def test_damaged_features_say_what_to_delete(tmp_path: Path, glyphs_root: Path) -> None:
    folder = tmp_path / "one"
    embed_here(folder, glyphs_root)
    (folder / NAME).unlink()
    (path,) = folder.rglob("*.npy")
    path.write_bytes(path.read_bytes()[:-1])
    work = work_of(folder, glyphs_root)
    with pytest.raises(BaselineError, match=r"\.npy: .* Delete this file, then type"):
        work.do(InProcess(work.place))
    path.unlink()
    work.do(InProcess(work.place))

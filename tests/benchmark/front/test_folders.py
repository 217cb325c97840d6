"""Folders change from one whole state to the next."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

from fewbench.errors import UserError
from fewbench.folders import (
    LISTING,
    old_folder,
    refuse_foreign,
    refuse_taken,
    remove_tree,
    replace_folder,
    temporary_directory,
    whole_folder,
)
from fewbench.signals import Interrupted, ended_by_signals


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != LISTING)


def fill(out: Path, *files: str) -> None:
    with whole_folder(out) as folder:
        for name in files:
            (folder / name).touch()


def write_two(out: Path) -> None:
    with whole_folder(out) as folder:
        (folder / "tables").mkdir()
        (folder / "tables" / "all.csv").write_text("ours")
        (folder / "page.html").write_text("ours")


def fail_while_writing(out: Path) -> None:
    with whole_folder(out) as folder:
        (folder / "a.txt").write_text("new")
        raise RuntimeError


def test_files_move_once_all_are_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as folder:
        (folder / "a.txt").write_text("a")
        assert names(out) == []

    assert names(out) == ["a.txt"]
    assert names(tmp_path) == ["out"]


def test_a_failure_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as folder:
        (folder / "a.txt").write_text("old")

    with pytest.raises(RuntimeError):
        fail_while_writing(out)

    assert (out / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["out"]

    with pytest.raises(RuntimeError):
        fail_while_writing(tmp_path / "new")
    assert names(tmp_path) == ["out"]


def test_a_signal_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def and_interrupted(partial: Path, path: Path) -> None:
        replace(partial, path)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "replace", and_interrupted)
    with pytest.raises(Interrupted), ended_by_signals():
        fill(tmp_path / "out", "a", "b", "c")
    assert names(tmp_path / "out") == ["a", "b", "c"]
    assert names(tmp_path) == ["out"]


def test_files_of_an_earlier_filling_go_and_those_of_others_stay(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as folder:
        (folder / "old.txt").write_text("old")
    (out / "mine.txt").write_text("mine")
    outside = tmp_path / "outside.txt"
    outside.write_text("stays, whatever the listing says")
    listing = out / LISTING
    listing.write_text(listing.read_text() + "\n../outside.txt")

    with whole_folder(out) as folder:
        (folder / "new.txt").write_text("new")

    assert names(out) == ["mine.txt", "new.txt"]
    assert outside.exists()


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    old, finished = tmp_path / "data", tmp_path / "data.partial"
    leftover = old_folder(old)
    assert leftover.name == "data.old.partial"
    for folder in (old, finished, leftover):
        folder.mkdir()
        (folder / "name").write_text(folder.name)

    replace_folder(finished, old)

    assert (old / "name").read_text() == "data.partial"
    assert names(tmp_path) == ["data"]


def test_files_in_sub_folders_move_and_go_like_all_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as folder:
        for name in ("old/deep/a.txt", "both/a.txt", "both/b.txt"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("old")
    (out / "both" / "mine.txt").write_text("mine")

    with whole_folder(out) as folder:
        (folder / "both").mkdir()
        (folder / "both" / "b.txt").write_text("new")

    assert names(out) == ["both"]
    assert names(out / "both") == ["b.txt", "mine.txt"]
    assert (out / "both" / "b.txt").read_text() == "new"


@pytest.mark.parametrize("name", ["page.html", "tables/all.csv", "tables"])
def test_a_file_of_the_user_is_not_overwritten(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    mine = out / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(UserError, match="nothing was written.*Choose another folder"):
        write_two(out)
    assert mine.read_text() == "mine"
    assert [path for path in out.rglob("*") if path.is_file()] == [mine]


def test_a_folder_with_files_of_others_is_refused_before_the_work(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    refuse_taken(out, "page.html")
    assert not out.exists()
    write_two(out)
    refuse_taken(out, "page.html", "tables/all.csv", "new.txt")
    (out / "new.txt").touch()
    with pytest.raises(UserError, match=r"got new\.txt, which would be overwritten"):
        refuse_taken(out, "page.html", "new.txt")
    with pytest.raises(FileExistsError):
        refuse_taken(out / "new.txt", "page.html")


def test_a_pipe_in_place_of_the_list_of_files_is_named_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    write_two(out)
    (out / LISTING).unlink()
    os.mkfifo(out / LISTING)
    with pytest.raises(
        UserError, match=rf"{LISTING}: nothing was written.*Delete it: rm"
    ):
        fill(out, "new.txt")
    assert names(out) == ["page.html", "tables"]


@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe", "nothing"])
def test_whatever_is_in_the_way_is_removed_without_waiting(
    tmp_path: Path, kind: str
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine.txt").touch()
    path = tmp_path / "path"
    if kind == "folder":
        (path / "deep").mkdir(parents=True)
        os.mkfifo(path / "deep" / "pipe")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(kept)
    elif kind == "file":
        path.touch()
    remove_tree(path)
    assert not os.path.lexists(path)
    assert (kept / "mine.txt").exists()


def test_a_folder_that_is_to_be_replaced_may_hold_nothing_of_others(
    tmp_path: Path,
) -> None:
    def is_ours(name: str) -> bool:
        return name == "ours.h5"

    folder = tmp_path / "folder"
    refuse_foreign(folder, is_ours)
    folder.mkdir()
    (folder / "ours.h5").touch()
    (folder / ".DS_Store").touch()
    (folder / "._ours.h5").touch()
    refuse_foreign(folder, is_ours)
    (folder / "deep").mkdir()
    (folder / "deep" / "thesis.tex").touch()
    with pytest.raises(UserError, match=r"got deep and 1 other file\. Move it away"):
        refuse_foreign(folder, is_ours)


@pytest.mark.parametrize("kind", ["file", "link", "broken link", "pipe"])
def test_what_is_no_folder_is_not_replaced_by_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "path"
    if kind == "file":
        path.touch()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path if kind == "link" else tmp_path / "nowhere")
    with pytest.raises(UserError, match="path: would be replaced: expected a folder"):
        refuse_foreign(path, bool)


def test_a_signal_leaves_no_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    make = tempfile.mkdtemp

    def make_and_stop(**options: str) -> str:
        folder = make(**options)
        signal.raise_signal(signal.SIGINT)
        return folder

    with temporary_directory("x-") as folder:
        (folder / "file").touch()
    monkeypatch.setattr(tempfile, "mkdtemp", make_and_stop)
    with pytest.raises(KeyboardInterrupt), temporary_directory("x-"):
        pass
    assert list(tmp_path.iterdir()) == []

"""The shared folder: attempts, and files that are published once."""

import errno
import os
from pathlib import Path

import pytest

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.task import Task
from fewbench.errors import UserError

CONDITIONS = Conditions("0", "2", "2", "cpu", "AVX2", threads=1)
TASK = Task("features", {"first": 0}, CONDITIONS, "embed images 0 to 9")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "work")


def made(place: Place, content: bytes) -> Path:
    path = place.new_attempt(TASK) / "file"
    path.write_bytes(content)
    return path


def test_the_first_complete_file_is_published(place: Place) -> None:
    assert not place.is_done(TASK)
    first = made(place, b"one")
    final = place.publish(TASK, first)
    assert place.is_done(TASK)
    assert final.read_bytes() == b"one"
    # A second, equal copy changes nothing.
    inode = final.stat().st_ino
    assert place.publish(TASK, made(place, b"one")) == final
    assert final.stat().st_ino == inode


def test_a_different_copy_stops_and_both_are_kept(place: Place) -> None:
    final = place.publish(TASK, made(place, b"one"))
    second = made(place, b"two")
    with pytest.raises(DifferentCopies, match="embed images 0 to 9: two attempts"):
        place.publish(TASK, second)
    assert final.read_bytes() == b"one"
    assert second.read_bytes() == b"two"


def test_a_file_system_without_links_publishes_once_too(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no links here", str(target))

    monkeypatch.setattr(os, "link", refuse)
    final = place.publish(TASK, made(place, b"one"))
    assert final.read_bytes() == b"one"
    place.publish(TASK, made(place, b"one"))
    with pytest.raises(DifferentCopies):
        place.publish(TASK, made(place, b"two"))
    assert final.read_bytes() == b"one"
    assert [path.name for path in final.parent.iterdir()] == [final.name]


def test_attempts_are_numbered_and_the_newest_comes_first(place: Place) -> None:
    first = place.new_attempt(TASK)
    second = place.new_attempt(TASK)
    assert first != second
    assert place.attempts(TASK) == [second, first]
    place.forget_attempts(TASK)
    assert place.attempts(TASK) == []


def test_folders_of_others_are_no_attempts(place: Place) -> None:
    first = place.new_attempt(TASK)
    for name in ("\u00b2", "\u0663", "x", "-1", "9" * 255):
        (first.parent / name).mkdir()
    assert place.attempts(TASK) == [first]
    assert place.new_attempt(TASK).name == "000002"


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_is_in_the_way_of_a_file_is_named_before_the_work(
    place: Place, kind: str
) -> None:
    final = place.file(TASK)
    final.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(final)
    elif kind == "link":
        final.symlink_to("nowhere")
    else:
        final.mkdir()
    with pytest.raises(
        UserError, match=f"{TASK.id}.npy: expected a file .* Move it away"
    ):
        place.new_attempt(TASK)

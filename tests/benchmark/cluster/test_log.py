"""The log of workers: it survives a process that is killed and a disk that is full."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.cluster.log import append_line, read_log
from fewbench.benchmark.cluster.outcome import Outcome
from fewbench_tests.cheap_tasks import CONDITIONS, cheap_task
from fewbench_tests.small_files import small_files_only

TASK = cheap_task("features", 0, 1)
DONE = Outcome(TASK.id, "done", seconds={"work": 1.5}, conditions=CONDITIONS)


def one_file(folder: Path) -> Path:
    (path,) = (folder / "log").iterdir()
    return path


def test_a_line_says_what_became_of_a_task(tmp_path: Path) -> None:
    append_line(tmp_path, TASK, DONE)
    append_line(tmp_path, TASK, Outcome(TASK.id, "failed", "no such\nimage"))
    first, second = read_log(tmp_path)
    assert (first.task, first.kind, first.title) == (TASK.id, "features", TASK.title)
    assert first.state == "done"
    assert first.seconds == {"work": 1.5}
    assert first.conditions == CONDITIONS
    assert first.utc.endswith("+00:00")
    assert (second.state, second.reason) == ("failed", "no such\nimage")
    assert second.conditions is None
    assert one_file(tmp_path).name.endswith(f"-{os.getpid()}.jsonl")


def test_tasks_of_other_processes_get_no_line(tmp_path: Path) -> None:
    append_line(tmp_path, TASK, Outcome(TASK.id, "busy"))
    append_line(tmp_path, TASK, Outcome(TASK.id, "done"))
    assert list(read_log(tmp_path)) == []


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    append_line(tmp_path, TASK, DONE)
    append_line(tmp_path, TASK, DONE)
    path = one_file(tmp_path)
    whole = path.read_bytes()
    for length in (len(whole) - 1, len(whole) // 2 + 1, len(whole) // 2 + 40):
        path.write_bytes(whole[:length])
        assert len(list(read_log(tmp_path))) == 1


def test_a_long_line_is_left_out_without_being_read_whole(tmp_path: Path) -> None:
    append_line(tmp_path, TASK, DONE)
    path = one_file(tmp_path)
    line = path.read_bytes()
    path.write_bytes(b"[" * 300_000 + b"\n" + line + b"x" * 70_000 + line + line)
    assert len(list(read_log(tmp_path))) == 2


@given(damage=st.binary(max_size=80), at=st.integers(0, 400))
def test_damage_never_stops_the_reader(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("log")
    append_line(folder, TASK, DONE)
    path = one_file(folder)
    line = path.read_bytes()
    path.write_bytes(line[:at] + damage + line[at:] + b"\n" + line)
    assert list(read_log(folder))[-1].task == TASK.id


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    append_line(tmp_path, TASK, DONE)
    size = one_file(tmp_path).stat().st_size
    with small_files_only(size + 30):
        append_line(tmp_path, TASK, DONE)
    assert one_file(tmp_path).stat().st_size == size
    append_line(tmp_path, TASK, DONE)
    assert len(list(read_log(tmp_path))) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    os.mkfifo(tmp_path / "log" / "a.jsonl")
    assert list(read_log(tmp_path)) == []

"""A pool of real processes: kills, signals, and no process is ever left over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fewbench.benchmark.cluster.log import read_log
from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.pool import ProcessPool
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.benchmark.cluster.share import ALL, Share
from fewbench_tests.cheap_tasks import (
    attempts_marked,
    cheap_flow,
    cheap_task,
    do_cheaply,
    published,
)
from fewbench_tests.odd_tasks import need_memory, raise_anything, say_environment
from fewbench_tests.paths import REPOSITORY
from fewbench_tests.small_disks import small_disk

Drive = Callable[..., subprocess.Popen[str]]
SUPPORT = REPOSITORY / "tests" / "support"


@pytest.fixture(autouse=True)
def no_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers would load the module of pytest first."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "work")


def children(pid: int) -> set[int]:
    """The processes below a process that have not ended."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name = path.read_text()
        except OSError:
            continue
        state, parent = name.rpartition(")")[2].split()[:2]
        if int(parent) == pid and state != "Z":
            child = int(path.parent.name)
            found |= {child, *children(child)}
    return found


def wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + 60
    while pids and time.monotonic() < deadline:
        pids = {pid for pid in pids if is_alive(pid)}
        time.sleep(0.02)
    assert pids == set()


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_it_does_everything_and_leaves_no_process(place: Place) -> None:
    before = children(os.getpid())
    with ProcessPool(place, 2, do=do_cheaply) as pool:
        summary = run_flows((cheap_flow(flow) for flow in range(3)), pool, place)
        workers = children(os.getpid()) - before
        assert len(workers) >= 2
    assert summary.done.total() == 21
    assert len(published(place)) == 21
    assert {line.state for line in read_log(place.folder)} == {"done"}
    assert len(list(read_log(place.folder))) == 21
    # What tracks the resources of multiprocessing stays until this process ends.
    assert len(children(os.getpid()) - before) <= 1


def test_killed_workers_lose_nothing_and_what_always_dies_ends_its_flow(
    place: Place, tmp_path: Path
) -> None:
    mark = str(tmp_path / "marks")
    flows = [
        cheap_flow(0, 1, mark=mark, die=signal.SIGKILL, lives=1),
        iter([[cheap_task("training", 1, 0, mark=mark, die=signal.SIGKILL)]]),
        cheap_flow(2, mark=mark),
    ]
    with ProcessPool(place, 2, do=do_cheaply) as pool:
        summary = run_flows(flows, pool, place)
    titles = attempts_marked(tmp_path / "marks")
    assert titles.count("training 0 of flow 0") == 2
    assert titles.count("result 0 of flow 0") == 2
    assert titles.count("training 0 of flow 1") == 3
    assert titles.count("result 0 of flow 2") == 1
    assert list(summary.failure_lines()) == [
        "training 0 of flow 1: failed 3 times: its process was killed by SIGKILL, often "
        "because memory ran out"
    ]
    assert summary.done.total() == 5 + 7
    states = [line.state for line in read_log(place.folder)]
    assert states.count("died") == 5 + 3


def test_what_a_task_raises(place: Place) -> None:
    training = cheap_task("training", 0, 0)
    flows = [iter([[training]])]
    with ProcessPool(place, 1, do=raise_anything) as pool:
        summary = run_flows(flows, pool, place)
        (line,) = summary.failure_lines()
        assert line.endswith("SystemExit: the code of a user ends the process")
        with pytest.raises(DifferentCopies, match="different bytes"):
            run_flows([iter([[cheap_task("features", 0, 0)]])], pool, place)
    assert [line.state for line in read_log(place.folder)] == ["failed"] * 4


def test_a_full_disk_gets_a_sentence_and_the_next_command_completes(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", "96k") as remount:
        place = Place(tmp_path / "disk" / "work")
        with ProcessPool(place, 2, do=do_cheaply) as pool:
            flows = (cheap_flow(flow, 10, bytes=8192) for flow in range(2))
            summary = run_flows(flows, pool, place)
        sentences = list(summary.failure_lines())
        assert sentences
        for sentence in sentences:
            assert sentence.endswith(
                "failed 3 times: there is no space left to write (No space left on "
                "device). Free some space"
            )
        sizes = {len(data) for data in published(place).values()}
        assert sizes == {8192}
        remount("size=64m")
        with ProcessPool(place, 2, do=do_cheaply) as pool:
            flows = (cheap_flow(flow, 10, bytes=8192) for flow in range(2))
            summary = run_flows(flows, pool, place)
        assert summary.failures == []
        assert len(published(place)) == 2 * 14
        assert {len(data) for data in published(place).values()} == {8192}


def test_a_task_without_enough_memory_gets_a_sentence(place: Place) -> None:
    with ProcessPool(place, 1, do=need_memory) as pool:
        summary = run_flows([cheap_flow(0)], pool, place)
    assert list(summary.failure_lines()) == [
        "training 0 of flow 0: failed 3 times: out of memory"
    ]
    assert published(place) == {}
    with ProcessPool(place, 1, do=do_cheaply) as pool:
        assert run_flows([cheap_flow(0)], pool, place).n_finished == 7


def test_workers_ignore_ctrl_c_and_know_their_threads(place: Place) -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    with ProcessPool(place, 1, threads=3, do=say_environment) as pool:
        pool.submit(cheap_task("training", 0, 0))
        outcomes: list[Outcome] = []
        while not outcomes:
            outcomes = pool.finished(1.0)
    assert outcomes[0].reason == "3 True"
    assert os.environ.get("OMP_NUM_THREADS") == before


DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, {support!r})
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.pool import ProcessPool
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.benchmark.cluster.share import Share
from fewbench.signals import Interrupted
from fewbench_tests.cheap_tasks import cheap_flow, do_cheaply
from fewbench_tests.odd_tasks import do_and_save

if __name__ == "__main__":
    folder, mark, number, total, seconds, how = sys.argv[1:]
    place = Place(Path(folder))
    do = do_and_save if how == "save" else do_cheaply
    flows = (cheap_flow(flow, 5, mark=mark, seconds=float(seconds)) for flow in range(3))
    try:
        with ProcessPool(place, 2 if total == "1" else 1, do=do) as pool:
            run_flows(flows, pool, place, share=Share(int(number), int(total)))
    except Interrupted as stop:
        print(stop.line)
        sys.exit(stop.exit_code)
"""


@pytest.fixture
def drive(tmp_path: Path, place: Place) -> Iterator[Drive]:
    script = tmp_path / "driver.py"
    script.write_text(DRIVER.format(support=str(SUPPORT)))
    started: list[subprocess.Popen[str]] = []

    def start(
        share: Share = ALL, seconds: float = 0.0, how: str = ""
    ) -> subprocess.Popen[str]:
        command = [sys.executable, str(script), str(place.folder)]
        command += [str(tmp_path / "marks"), str(share.number), str(share.total)]
        command += [str(seconds), how]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for_marks(folder: Path, n: int) -> None:
    deadline = time.monotonic() + 90
    while not folder.exists() or len(list(folder.iterdir())) < n:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_driver_leaves_no_worker_and_the_next_one_completes(
    place: Place, tmp_path: Path, drive: Drive
) -> None:
    first = drive(seconds=30.0)
    wait_for_marks(tmp_path / "marks", 2)
    workers = children(first.pid)
    assert len(workers) >= 2
    first.kill()
    first.wait()
    wait_until_gone(workers)
    second = drive()
    assert second.wait(120) == 0
    assert len(published(place)) == 3 * 9
    titles = attempts_marked(tmp_path / "marks")
    assert len(titles) == 3 * 9 + 2


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_to_the_driver_lets_workers_save(
    place: Place, tmp_path: Path, drive: Drive, name: str
) -> None:
    number = getattr(signal, name)
    driver = drive(seconds=30.0, how="save")
    wait_for_marks(tmp_path / "marks", 2)
    workers = children(driver.pid)
    driver.send_signal(number)
    text, _ = driver.communicate(timeout=90)
    assert driver.returncode == 128 + number
    assert text == "stopped: 0 tasks are done. To go on, type the same command\n"
    wait_until_gone(workers)
    saved = list((place.folder / "attempts").glob("*/*/saved"))
    assert len(saved) == 2
    assert {line.state for line in read_log(place.folder)} == {"stopped"}


@pytest.mark.parametrize("total", [1, 3])
def test_drivers_side_by_side_do_each_task_once(
    place: Place, tmp_path: Path, drive: Drive, total: int
) -> None:
    shares = [Share(number, total) for number in range(total)] if total > 1 else []
    drivers = [drive(share, seconds=0.05) for share in shares or [ALL, ALL]]
    for driver in drivers:
        assert driver.wait(120) == 0
    titles = attempts_marked(tmp_path / "marks")
    n_results = 0 if total > 1 else 3
    assert len(titles) == len(set(titles)) == 3 * 8 + n_results


def test_a_driver_and_its_idle_workers_need_no_torch() -> None:
    """Importing it takes seconds in each process."""
    code = "import sys, fewbench.benchmark.cluster.pool; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"

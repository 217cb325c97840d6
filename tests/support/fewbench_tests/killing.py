"""Run a command while processes of it are killed at random moments."""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

FindWorkers = Callable[[int], list[int]]


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that they have started."""
    for child in _children(pid):
        yield child
        yield from descendants(child)


def command_of(pid: int) -> str:
    """The command line of a process; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def run_with_kills(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    generator: random.Random,
    n_kills: int,
    most_seconds: float,
    find_workers: FindWorkers | None = None,
) -> int:
    """Run a command to its end, and kill something at each of some random moments.

    It is one of the workers or, one time in four, the command itself, which is then
    started again.
    most_seconds: between two kills
    find_workers: returns the workers of a process; None for those that it has started
    Return how many processes were killed.
    """
    find_workers = find_workers or workers_of
    killed = 0
    process = subprocess.Popen(command, env=environment)
    try:
        for _ in range(n_kills):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(generator.uniform(0, most_seconds))
                break
            killed += 1
            workers = find_workers(process.pid)
            if workers and generator.random() < 0.75:
                _kill(generator.choice(workers))
                continue
            process.kill()
            process.wait()
            process = subprocess.Popen(command, env=environment)
        while process.wait(600) != 0:
            # A task whose worker was killed three times is given up until the next call.
            assert killed, "the command failed though nothing was killed"
            process = subprocess.Popen(command, env=environment)
    finally:
        process.kill()
        process.wait()
    return killed


def all_gone(pids: Sequence[int], seconds: float) -> bool:
    """Whether processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def workers_of(pid: int) -> list[int]:
    """The processes that a process has started, but for the one that cleans up."""
    found = []
    for worker in descendants(pid):
        if "resource_tracker" not in command_of(worker):
            found.append(worker)
    return found


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found

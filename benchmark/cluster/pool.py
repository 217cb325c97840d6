"""Run tasks in processes on this machine, with the standard library alone.

Each slot is a pool of one process. If a process is killed, only its own task is lost, and
the slot starts a new process.
"""

import multiprocessing
import os
import queue
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from .outcome import Outcome
from .place import Place
from .process import SECONDS_TO_SAVE, Do, attempt_in_pool, begin
from .task import Task
from .worker import do_task

# The libraries that compute read one of these when they are loaded.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ProcessPool:
    """An executor with processes on this machine. See `Executor`.

    slots: the number of processes
    threads: the number of threads of each process
    do: the function that does a task; its module must be importable
    """

    def __init__(
        self, place: Place, slots: int, *, threads: int = 1, do: Do = do_task
    ) -> None:
        self.slots = slots
        self._waiting: deque[Task] = deque()
        self._ended: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        job = _Job(place, do, threads, self._ended.put)
        self._slots = [_Slot(job) for _ in range(slots)]
        self._free = list(self._slots)

    def submit(self, task: Task) -> None:
        """Run a task as soon as a process is free."""
        self._waiting.append(task)
        self._start_waiting()

    def finished(self, timeout: float) -> list[Outcome]:
        """Return what became of the tasks that ended since the last call.

        timeout: the most seconds to wait for the first of them
        Raises DifferentCopies if two attempts at a task made different bytes.
        """
        outcomes: list[Outcome] = []
        try:
            slot = self._ended.get(timeout=timeout)
            while True:
                outcomes.append(slot.take_outcome())
                self._free.append(slot)
                self._start_waiting()
                slot = self._ended.get_nowait()
        except queue.Empty:
            return outcomes

    def _start_waiting(self) -> None:
        while self._free and self._waiting:
            slot = self._free.pop()
            slot.start(self._waiting.popleft())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell all processes to save their state and to end, and wait until they have."""
        self._waiting.clear()
        for slot in self._slots:
            slot.tell_to_end()
        deadline = time.monotonic() + SECONDS_TO_SAVE
        for slot in self._slots:
            slot.wait_for_end(deadline)


class _Job:
    """What is the same for all slots.

    ended: called with the slot when its task has ended
    """

    def __init__(
        self, place: Place, do: Do, threads: int, ended: "Callable[[_Slot], None]"
    ) -> None:
        self.place = place
        self.do = do
        self.threads = threads
        self.ended = ended


class _Slot:
    """A process that does one task at a time. It is started when the first task comes."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._pool: ProcessPoolExecutor | None = None
        self._process: BaseProcess | None = None
        self._task: Task | None = None
        self._future: Future[Outcome] | None = None

    def start(self, task: Task) -> None:
        """Do a task. Its outcome can be taken when the job is told that it has ended."""
        self._task = task
        if self._pool is None:
            self._pool = self._new_pool()
            before = set(multiprocessing.active_children())
            with _settings_of_worker(self._job.threads):
                self._hand_over(self._pool, task)
            started = set(multiprocessing.active_children()) - before
            self._process = next(iter(started), None)
        else:
            self._hand_over(self._pool, task)

    def take_outcome(self) -> Outcome:
        """Return what became of the task. Raises DifferentCopies as `attempt` does."""
        assert self._task is not None
        assert self._future is not None
        try:
            return self._future.result()
        except BrokenProcessPool:
            self._close()
            exit_code = self._process.exitcode if self._process else None
            return Outcome(self._task.id, "died", how_it_died(exit_code))

    def tell_to_end(self) -> None:
        """Ask the process to save its state and to end."""
        if self._process is not None:
            self._process.terminate()

    def wait_for_end(self, deadline: float) -> None:
        """Wait for the end of the process, and kill it at the deadline.

        deadline: a time of `time.monotonic`
        """
        if self._process is not None:
            self._process.join(max(0.0, deadline - time.monotonic()))
            self._process.kill()
        self._close()

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=begin)

    def _hand_over(self, pool: ProcessPoolExecutor, task: Task) -> None:
        job = self._job
        try:
            future = pool.submit(attempt_in_pool, job.do, task, job.place)
        except BrokenProcessPool as error:
            # The process was killed while it had nothing to do.
            future = Future[Outcome]()
            future.set_exception(error)
        self._future = future
        future.add_done_callback(lambda _: job.ended(self))

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def how_it_died(exit_code: int | None) -> str:
    """Return a sentence about the end of a process.

    exit_code: as in multiprocessing, where -9 stands for the signal 9; None if unknown
    """
    if exit_code is None:
        return "its process ended"
    number = -exit_code if exit_code < 0 else exit_code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"its process ended with exit code {exit_code}"
    if name == "SIGKILL":
        return "its process was killed by SIGKILL, often because memory ran out"
    if name == "SIGTERM":
        return "its process was asked to end by SIGTERM"
    return f"its process was ended by {name}"


@contextmanager
def _settings_of_worker(threads: int) -> Iterator[None]:
    """Let processes that start in the `with` block inherit what a worker needs.

    A worker cannot ignore Ctrl-C before it is ready, so the signal is held back until then.
    """
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    mask = None
    if hasattr(signal, "pthread_sigmask"):  # missing on Windows
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

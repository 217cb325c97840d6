"""Run tasks on a Ray cluster. This is the only module that imports ray.

Only tasks and their outcomes travel through Ray. All data lie in the shared folder, which
each machine of the cluster must see under the same path. Ray retries nothing: the
scheduler does.
"""

import logging
import os
import time
from types import TracebackType
from typing import Any, Self

from fewbench.documents import shown
from fewbench.errors import UserError

from .outcome import Outcome
from .place import DifferentCopies, Place
from .process import SECONDS_TO_SAVE, Do, attempt
from .reasons import reason_of
from .task import Task
from .worker import do_task

_SECONDS_BETWEEN_COUNTS = 5.0
_NODE_LOST = "the machine that did it was lost"
_WORKER_LOST = "its process was killed or ended unexpectedly"
_NO_MEMORY = "its process was killed because the memory of its machine ran out"


class RayCluster:
    """An executor on the machines of a Ray cluster. See `Executor`.

    The `with` block connects to the cluster and leaves it. Machines may come and go.

    address: as in `connect`
    threads: the number of threads of each task
    do: the function that does a task; its module must be importable on each machine
    """

    def __init__(
        self, place: Place, address: str, *, threads: int = 1, do: Do = do_task
    ) -> None:
        self._place = place
        self._address = address
        self._threads = threads
        self._do = do
        self._tasks: dict[Any, Task] = {}
        self._slots = 1
        self._counted = float("-inf")

    @property
    def slots(self) -> int:
        """The number of tasks that run at a time on the machines that are there now."""
        now = time.monotonic()
        if now - self._counted > _SECONDS_BETWEEN_COUNTS:
            # The cores of a task are all of one machine.
            slots = sum(cores // self._threads for cores in _cores(self._ray))
            self._slots = max(1, slots)
            self._counted = now
        return self._slots

    def submit(self, task: Task) -> None:
        """Run a task as soon as a machine has enough free cores."""
        remote = self._remote
        if task.conditions.device == "cuda":
            remote = remote.options(num_gpus=1)
        ref = remote.remote(self._do, task, self._place)
        self._tasks[ref] = task

    def finished(self, timeout: float) -> list[Outcome]:
        """Return what became of the tasks that ended since the last call.

        timeout: the most seconds to wait for the first of them
        Raises DifferentCopies if two attempts at a task made different bytes.
        """
        if not self._tasks:
            time.sleep(timeout)
            return []
        self._ray.wait(list(self._tasks), num_returns=1, timeout=timeout)
        ended = self._wait_for_all(0)
        return [self._take_outcome(ref) for ref in ended]

    def __enter__(self) -> Self:
        self._ray = _import_ray()
        self._was_connected = self._ray.is_initialized()
        if not self._was_connected:
            connect(self._address)
        try:
            _require_cores(self._ray, self._threads)
        except UserError:
            self._leave()
            raise
        # The scheduler counts the failures of a task, so Ray must not try again by itself.
        options = self._ray.remote(num_cpus=self._threads, max_retries=0)
        self._remote = options(attempt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell all workers to save their state, wait until they have, and disconnect."""
        self._cancel(force=False)
        for ref in self._wait_for_all(SECONDS_TO_SAVE):
            del self._tasks[ref]
        self._cancel(force=True)
        self._tasks.clear()
        self._leave()

    def _leave(self) -> None:
        if not self._was_connected:
            self._ray.shutdown()

    def _cancel(self, *, force: bool) -> None:
        for ref in self._tasks:
            self._ray.cancel(ref, force=force, recursive=False)

    def _wait_for_all(self, timeout: float) -> list[Any]:
        """Return the tasks that have ended, after at most `timeout` seconds."""
        if not self._tasks:
            return []
        refs = list(self._tasks)
        ended, _ = self._ray.wait(refs, num_returns=len(refs), timeout=timeout)
        return ended

    def _take_outcome(self, ref: Any) -> Outcome:
        task = self._tasks.pop(ref)
        errors = self._ray.exceptions
        try:
            return self._ray.get(ref)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, DifferentCopies):
                raise DifferentCopies(str(cause)) from None
            return Outcome(task.id, "failed", reason_of(cause))
        except errors.OutOfMemoryError:
            return Outcome(task.id, "died", _NO_MEMORY)
        except errors.NodeDiedError:
            return Outcome(task.id, "died", _NODE_LOST)
        except errors.WorkerCrashedError:
            return Outcome(task.id, "died", _WORKER_LOST)
        except errors.RayError as error:
            return Outcome(task.id, "died", reason_of(error))


def connect(address: str) -> None:
    """Connect this process to a Ray cluster.

    address: the address of the cluster; "auto" for the cluster of which this machine is a
        part; "local" to start Ray on this machine alone
    Raises UserError if ray is not installed, or if there is no such cluster.
    """
    ray = _import_ray()
    try:
        ray.init(
            address=address,
            include_dashboard=False if address == "local" else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        words = shown(" ".join(str(error).split()), 200)
        raise UserError(
            f"--ray {shown(address)}: cannot connect to a Ray cluster: expected one that "
            f"runs, got: {words}. To start one, type: ray start --head"
        ) from error
    _be_quiet(ray)


def _import_ray() -> Any:
    # Ray reads them when it is loaded: send no statistics, and be quiet about GPUs.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UserError(
            f"--ray: needs the package ray: expected it to be installed, got: {error}. "
            f"Type: python -m pip install 'ray>=2.40'. Or leave --ray out, and processes "
            f"on this machine do the work"
        ) from error
    return ray


def _be_quiet(ray: Any) -> None:
    """Print nothing about lost workers, since the summary at the end says it.

    Ray prints a paragraph on the standard output for each of them, and has no setting
    for that.
    """
    worker = ray._private.worker
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


def _cores(ray: Any) -> list[int]:
    """Return the number of cores of each machine of the cluster."""
    return [
        int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]
    ]


def _require_cores(ray: Any, threads: int) -> None:
    """Raise UserError if no machine of the cluster has enough cores for a task."""
    most = max(_cores(ray), default=0)
    if most < threads:
        raise UserError(
            f"--ray: no machine of the cluster can do a task: expected {threads} cores, "
            f"got at most {most}. Add a machine (type there: ray start --address ...), or "
            f"ask for fewer threads"
        )
